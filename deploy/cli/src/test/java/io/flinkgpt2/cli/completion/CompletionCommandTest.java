package io.flinkgpt2.cli.completion;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.cli.CommandRun;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The script of {@code completion}, run by bash. */
class CompletionCommandTest {

    /** Completes the last word of a command line as a press of the tabulator does. */
    private static final String COMPLETE = """
            source "$1"; shift
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
            declare -F compopt >/dev/null || compopt() { :; }
            _complete_flink-gpt2
            printf '%s\\n' "${COMPREPLY[@]}"
            """;

    @TempDir
    private static Path directory;

    private static Path script;

    @BeforeAll
    static void writeTheScript() throws IOException {
        CommandRun run = CommandRun.of("completion", "bash");
        assertThat(run.exitCode()).as(run.err()).isZero();
        script = Files.writeString(directory.resolve("flink-gpt2.bash"), run.out());
    }

    private static List<String> bash(String... words) throws IOException, InterruptedException {
        Process bash = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .start();
        List<String> lines =
                new String(bash.getInputStream().readAllBytes(), UTF_8).lines().toList();
        assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(bash.exitValue()).as("%s", lines).isZero();
        return lines;
    }

    private static List<String> complete(String line) throws IOException, InterruptedException {
        String[] words = line.split(" ", -1);
        String[] command = new String[5 + words.length];
        List.of("bash", "-c", COMPLETE, "bash", script.toString()).toArray(command);
        System.arraycopy(words, 0, command, 5, words.length);
        return bash(command);
    }

    @Test
    void bashTakesTheScript() throws Exception {
        assertThat(bash("bash", "-n", script.toString())).isEmpty();
        assertThat(bash("bash", "-c", "source " + script + "; complete -p flink-gpt2"))
                .singleElement()
                .asString()
                .contains("-F _complete_flink-gpt2");
    }

    @ParameterizedTest
    @CsvSource({
        "flink-gpt2 ba, batch",
        "flink-gpt2 pl, plan",
        "flink-gpt2 completi, completion",
        "flink-gpt2 cluster sta, start status",
        "flink-gpt2 batch --unor, --unordered",
        "flink-gpt2 batch --output j, json",
        "flink-gpt2 complete --precision i, int8",
        "flink-gpt2 complete --max-tok, --max-tokens",
        "flink-gpt2 complete --truncate-prompt l, left",
        "flink-gpt2 bench --scenario at, attention",
        "flink-gpt2 submit --max-con, --max-context",
        "flink-gpt2 submit --kv-cache.b, --kv-cache.bytes",
        "flink-gpt2 local --generation.mode b, batch",
        "flink-gpt2 completion z, zsh"
    })
    void wordsAreCompleted(String line, String expected) throws Exception {
        assertThat(complete(line)).containsExactlyInAnyOrder(expected.split(" "));
    }

    @Test
    void everyOptionOfBatchIsOffered() throws Exception {
        assertThat(complete("flink-gpt2 batch -"))
                .contains("--input", "-i", "--out", "--errors", "--model", "--parallelism", "--help")
                .contains("--model.precision", "--batch.size", "--max-context");
    }

    @Test
    void zshTakesTheSameScriptAndLoadsBashcompinit() throws Exception {
        CommandRun run = CommandRun.of("completion", "zsh");

        assertThat(run.out()).isEqualTo(Files.readString(script)).contains("bashcompinit");
    }

    @Test
    void anotherShellIsRefused() {
        CommandRun run = CommandRun.of("completion", "bsh");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("'bsh'").contains("did you mean 'bash'?");
    }
}
