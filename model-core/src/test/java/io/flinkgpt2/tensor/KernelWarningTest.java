package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** A JVM without the vector module warns once, whether there is a logging or not, and one with it not at all. */
class KernelWarningTest {

    private static final String WARNING = "The JVM runs without its vector module";
    private static final String ADVICE = "Add --add-modules jdk.incubator.vector to the java command";

    /** Asks for the kernels several times. */
    static final class Program {
        private Program() {}

        public static void main(String[] args) {
            for (int i = 0; i < 3; i++) {
                System.out.println(Kernels.best());
            }
        }
    }

    /** The output of a program. */
    private record Printed(String out, String err) {}

    private static Printed run(boolean logging, String... options) throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> logging || !entry.contains("log4j"))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", classPath));
        command.addAll(List.of(options));
        command.add(Program.class.getName());
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.PIPE)
                .start();
        // Little enough to wait in the pipe while the other one is read.
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(err).isZero();
        return new Printed(out, err);
    }

    @Test
    void withoutALoggingItIsPrintedOnce() throws Exception {
        Printed printed = run(false);
        assertThat(printed.out().lines()).hasSize(3).containsOnly("scalar");
        assertThat(printed.err())
                .containsOnlyOnce("flink-gpt2: WARNING: " + WARNING)
                .containsOnlyOnce(ADVICE);
    }

    @Test
    void withALoggingItIsLoggedAndNotPrinted() throws Exception {
        Printed printed = run(true);
        assertThat(printed.out().lines()).hasSize(3).containsOnly("scalar");
        assertThat(printed.err())
                .containsOnlyOnce("WARN  Kernels - " + WARNING)
                .containsOnlyOnce(WARNING)
                .containsOnlyOnce(ADVICE);
    }

    @Test
    void withTheModuleThereIsNoWarning() throws Exception {
        Printed printed = run(false, "--add-modules=jdk.incubator.vector");
        assertThat(printed.out().lines()).hasSize(3).containsOnly(Kernels.best().name());
        assertThat(printed.err()).doesNotContain("flink-gpt2");
    }
}
