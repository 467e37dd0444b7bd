package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import picocli.CommandLine;

/** What the programs behind the scripts in {@code deploy/test} have in common. */
final class Script {

    private Script() {}

    /** Runs a program in a temporary directory of its own, and ends the JVM with its exit code. */
    static void main(String name, BiFunction<PrintStream, Path, Callable<Integer>> program, String... args)
            throws IOException {
        Path directory = Files.createTempDirectory("flink-gpt2-" + name + "-");
        int exitCode;
        try {
            exitCode = run(program.apply(System.out, directory), args);
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        System.exit(exitCode);
    }

    /** Its exit code; 1 if it fails. */
    static int run(Callable<Integer> program, String... args) {
        return new CommandLine(program).setExitCodeExceptionMapper(failure -> 1).execute(args);
    }

    static void say(PrintStream out, String format, Object... values) {
        out.printf(format + "%n", values);
        out.flush();
    }
}
