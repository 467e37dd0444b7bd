package io.flinkgpt2.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.cli.common.CheckedOutput;
import io.flinkgpt2.cli.common.OutputLines;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands whose standard output takes no more, as on a full disk or behind a reader that has gone. */
class LostOutputTest {

    private static final Path MODEL = Path.of("../../model-core/src/test/resources/golden/tied-tanh");

    /** Has a tokenizer; without one a command says so on standard error. */
    private static final Path TALES = Path.of("..", "models", "fairytales");

    private static final String COMPLETE = "{\"prompt\": [1, 2], \"max_tokens\": 1}\n";
    private static final String TOKENIZE = "{\"text\": \"a\"}\n";

    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private int writes;

    private int run(String problem, String... arguments) {
        InputStream standardIn = System.in;
        PrintStream standardOut = System.out;
        OutputStream full = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                writes++;
                throw new IOException(problem);
            }
        };
        try (PrintStream out = new PrintStream(new CheckedOutput(full), false, UTF_8);
                PrintStream errStream = new PrintStream(err, false, UTF_8)) {
            System.setIn(new ByteArrayInputStream((arguments[0].equals("tokenize") ? TOKENIZE : COMPLETE)
                    .repeat(1000)
                    .getBytes(UTF_8)));
            System.setOut(out);
            return Main.run(out, errStream, List.of(arguments));
        } finally {
            System.setIn(standardIn);
            System.setOut(standardOut);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "complete --model TALES --prompt-ids 1,2 --max-tokens 1",
                "complete --model MODEL --output json",
                "complete --model TALES",
                "tokenize --model MODEL",
                "verify --model MODEL",
                "verify --model MODEL --output json",
                "sql --model TALES ../sql/values.sql",
                "cluster status --directory nowhere",
                "cluster stop --directory nowhere",
                "--help",
                "--version",
                "help demo",
                "batch --help",
                "bench --help",
                "cluster start --help"
            })
    void aFullDiskIsOneMessageAndCode1(String command) {
        int exitCode = run(
                "No space left on device",
                command.replace("MODEL", MODEL.toString())
                        .replace("TALES", TALES.toString())
                        .split(" "));

        assertThat(exitCode).isEqualTo(1);
        assertThat(err.toString(UTF_8))
                .isEqualTo("Standard output cannot be written (No space left on device), so what was printed is not"
                        + " complete; free space or send it elsewhere, and run the command again\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"complete", "tokenize"})
    void aReaderThatHasGoneEndsTheWorkQuietly(String command) {
        assertThat(run("Broken pipe", command, "--model", TALES.toString())).isZero();
        assertThat(err.size()).isZero();
        assertThat(writes).isEqualTo(1);
    }

    @Test
    void aLineAndItsEndAreOneWrite() {
        StringBuilder written = new StringBuilder();
        OutputStream recorder = new OutputStream() {
            @Override
            public void write(int b) {
                throw new AssertionError("a byte by itself");
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                written.append('<')
                        .append(new String(bytes, offset, length, UTF_8))
                        .append('>');
            }
        };
        PrintStream out = new PrintStream(new CheckedOutput(recorder), false, UTF_8);

        OutputLines.write(out, "x".repeat(20_000).getBytes(UTF_8));

        assertThat(written.toString()).isEqualTo("<" + "x".repeat(20_000) + "\n>");
    }

    @Test
    void whoHoldsTheOutputKeepsOthersFromWriting() throws Exception {
        CheckedOutput output = new CheckedOutput(OutputStream.nullOutputStream());
        assertThat(output.hold(0)).isTrue();

        Thread writer = new Thread(() -> output.write('x'));
        writer.setDaemon(true);
        writer.start();
        writer.join(50);

        assertThat(writer.isAlive()).isTrue();
    }
}
