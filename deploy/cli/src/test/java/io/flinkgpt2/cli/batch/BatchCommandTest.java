package io.flinkgpt2.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Refusals before anything is started, and the names that they give. */
class BatchCommandTest {

    private static final Path MODEL = Path.of("../models/fairytales");

    @TempDir
    private Path directory;

    @BeforeEach
    void makeFiles() throws IOException {
        Files.writeString(directory.resolve("in.txt"), "once upon a time\n");
        Files.writeString(directory.resolve("t.csv"), "id,promt\n1,x\n");
        Files.writeString(directory.resolve("there.jsonl"), "{}\n");
        Files.createDirectories(directory.resolve("dir"));
    }

    private CommandRun batch(String... arguments) {
        List<String> words = new ArrayList<>(List.of("batch", "--model", MODEL.toString()));
        for (String argument : arguments) {
            words.add(argument.replace("@", directory.toString()));
        }
        return CommandRun.of(words.toArray(new String[0]));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        -i @/none.txt -o @/out.txt                                | none.txt: found nothing there
        -i @/dir -o @/out.txt                                     | a directory without files
        -i @/in.txt -o @/there.jsonl                              | there.jsonl', which is there, expected nothing there, or --overwrite
        -i @/in.txt -o @/out.txt --errors @/there.jsonl           | --errors: found
        -i @/in.txt -o @/in.txt --overwrite                       | which is written to
        -i @/in.txt -o @/none/out.txt                             | whose directory is not there
        -i @/in.txt -o @/dir --overwrite                          | which is a directory
        -i @/in.txt -o @/out.txt --errors @/out.txt               | for both
        -i @/in.txt -i @/in.txt -o @/out.txt                      | it twice among the inputs
        -i - -i @/in.txt -o @/out.txt                             | found - beside other inputs
        -i @/t.csv -o @/out.csv                                   | 'promt'
        -i @/t.csv -o @/out.csv --prompt-column id2               | id2
        -i @/in.txt -o @/out.csv --unordered --format csv         | expected jsonl or text
        -i @/in.txt -o @/out.txt --temperature -3                 | temperature: found -3
        -i @/in.txt -o @/out.txt --max-tokens 5 --min-tokens 9    | min_tokens
        -i @/in.txt -o @/out.txt --request.max_tokns 5            | request.max_tokns
        -i @/in.txt -o @/out.txt --sink.files @/x                 | sink.files: found a value, expected -i and -o
        -i @/in.txt -o @/out.txt --bootstrap.servers x:1          | topics alone, or files alone
        -i @/in.txt -o @/out.txt --max-context 100000             | max-context
        -i @/in.txt -o -                                          | -o: found '-', expected the name of a file
        -i @/in.txt -o @/out.parquet.gz                           | Parquet has its own
        -i @/in.txt -o @/out.txt --parallelism 0                  | --parallelism
        -i @/in.txt -o @/out.txt --web-port 70000                 | --web-port
        -i @/in.txt -o @/out.txt --nonsense 1                     | nonsense
        -i @/in.txt                                               | --out
        """)
    void whatCannotBeDoneIsRefusedByName(String arguments, String message) {
        CommandRun run = batch(arguments.split(" +"));

        assertThat(run.exitCode()).as(run.err()).isEqualTo(2);
        assertThat(run.err()).contains(message);
        assertThat(directory.resolve("out.txt")).doesNotExist();
        assertThat(directory.resolve(".out.txt.run")).doesNotExist();
    }

    @Test
    void aSecondRunForTheSameFileIsRefused() throws IOException {
        try (RunDirectory other = RunDirectory.open(directory.resolve("out.txt"))) {
            assertThat(other.path()).isDirectory();

            CommandRun run = batch("-i", "@/in.txt", "-o", "@/out.txt");

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err()).contains("found another run that writes to it");
        }
    }

    @Test
    void anUnfinishedRunWithOtherAnswersIsNotGoneOnWith() throws IOException {
        Path description = RunDirectory.of(directory.resolve("out.txt")).resolve("run.json");
        Files.createDirectories(description.getParent());
        Files.writeString(description, "{\"version\":\"0.0.1\",\"inputs\":{\"file:/x\":{\"bytes\":1}}}");

        CommandRun run = batch("-i", "@/in.txt", "-o", "@/out.txt");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err())
                .contains("an unfinished run for")
                .contains("model is new")
                .contains("inputs file:/x is no longer there")
                .contains("--restart");
    }
}
