package io.flinkgpt2.cli.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.stream.Stream;
import javax.management.JMException;
import javax.management.ObjectName;

/** The memory use of this process, as the system and the JVM report it. */
final class ProcessMemory {

    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK = "VmHWM:";

    private ProcessMemory() {}

    /** Returns the most physical memory so far ({@code VmHWM}), in bytes; empty where the system does not say. */
    static OptionalLong peakBytes() {
        if (!Files.isReadable(STATUS)) {
            return OptionalLong.empty();
        }
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(PEAK))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                    .findFirst();
        } catch (IOException e) {
            throw new UncheckedIOException("the peak of the process's memory cannot be read from " + STATUS, e);
        }
    }

    /** Returns the number of bytes of the Java heap in use, garbage included. */
    static long heapBytes() {
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    /**
     * Returns the JVM's native memory tracking by category; a sentence on how to switch it on if it is off.
     *
     * @throws IllegalStateException if this JVM has none
     */
    static String nativeMemory() {
        try {
            return (String) ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=DiagnosticCommand"),
                            "vmNativeMemory",
                            new Object[] {new String[] {"summary", "scale=MB"}},
                            new String[] {String[].class.getName()});
        } catch (JMException e) {
            throw new IllegalStateException("this JVM has no native memory tracking; leave out --native-memory", e);
        }
    }
}
