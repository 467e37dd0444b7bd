package io.flinkgpt2.local.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArgumentFileTest {

    @TempDir
    private Path directory;

    @Test
    void javaReadsWhatWasWritten() throws Exception {
        List<String> arguments =
                List.of("", " a  b ", "\"q\"", "'s'", "back\\slash\\n", "#no", "new\nline\t\r\f", "@x", "*");
        List<String> words = new ArrayList<>(List.of("-cp", directory + "/a b", "Echo"));
        words.addAll(arguments);
        Files.createDirectory(directory.resolve("a b"));
        Path source = Files.writeString(directory.resolve("Echo.java"), """
                class Echo {
                    public static void main(String[] args) {
                        for (String arg : args) {
                            arg.chars().forEach(c -> System.out.print(c + " "));
                            System.out.println();
                        }
                    }
                }
                """);
        run("javac", "-d", directory.resolve("a b").toString(), source.toString());
        Path file = Files.writeString(directory.resolve("java.args"), ArgumentFile.format(words));

        List<String> codes = run("java", "@" + file).lines().map(String::strip).toList();

        assertThat(codes.stream().map(ArgumentFileTest::text)).isEqualTo(arguments);
    }

    private static String text(String codes) {
        StringBuilder text = new StringBuilder();
        for (String code : codes.isEmpty() ? new String[0] : codes.split(" ")) {
            text.append((char) Integer.parseInt(code));
        }
        return text.toString();
    }

    private static String run(String tool, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", tool).toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(out).isZero();
        return out;
    }
}
