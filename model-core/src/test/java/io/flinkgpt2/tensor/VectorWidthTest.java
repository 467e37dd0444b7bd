package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bits do not depend on the vector width: shown in JVMs of their own, for the width is fixed when a JVM starts. */
class VectorWidthTest {

    @ParameterizedTest
    @ValueSource(ints = {16, 32, 64})
    void rule4_4_everyVectorWidthGivesTheBitsOfTheScalarKernels(int maxVectorBytes) throws Exception {
        String[] line = run("--add-modules=jdk.incubator.vector", "-XX:MaxVectorSize=" + maxVectorBytes);
        assertThat(line[0]).startsWith("vector-");
        if (maxVectorBytes < VectorKernels.SPECIES.vectorByteSize()) {
            assertThat(line[0]).isEqualTo("vector-" + maxVectorBytes * 8);
        }
        assertThat(line[1]).isEqualTo(KernelCases.run(new ScalarKernels()).digest());
    }

    @Test
    void withoutTheVectorModuleTheScalarKernelsAreUsedAndTheWarningSaysWhatToAdd() throws Exception {
        String[] line = run();
        assertThat(line[0]).isEqualTo("scalar");
        assertThat(line[1]).isEqualTo(KernelCases.run(new ScalarKernels()).digest());
        assertThat(line[2]).contains("--add-modules jdk.incubator.vector");
    }

    /** Name, digest, and everything on standard error. */
    private static String[] run(String... options) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), KernelCases.class.getName()));
        Path errors = java.nio.file.Files.createTempFile("kernel-cases", ".err");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exitCode = process.waitFor();
        String err = java.nio.file.Files.readString(errors);
        java.nio.file.Files.delete(errors);
        assertThat(exitCode).as(err).isZero();
        int space = out.indexOf(' ');
        return new String[] {out.substring(0, space), out.substring(space + 1).strip(), err};
    }
}
