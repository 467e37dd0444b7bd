package io.flinkgpt2.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;

/** What became of a command that ran in this JVM. */
public record CommandRun(int exitCode, String out, String err) {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    public static CommandRun of(String... arguments) {
        return withInput("", arguments);
    }

    /** Standard streams are the command's while it runs. */
    public static CommandRun withInput(String input, String... arguments) {
        InputStream standardIn = System.in;
        PrintStream standardOut = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        try (PrintStream outStream = new PrintStream(out, false, UTF_8);
                PrintStream errStream = new PrintStream(err, false, UTF_8)) {
            System.setIn(new ByteArrayInputStream(input.getBytes(UTF_8)));
            System.setOut(outStream);
            int exitCode = Main.run(outStream, errStream, List.of(arguments));
            outStream.flush();
            errStream.flush();
            return new CommandRun(exitCode, out.toString(UTF_8), err.toString(UTF_8));
        } finally {
            System.setIn(standardIn);
            System.setOut(standardOut);
        }
    }

    /** Standard output, each line of which is a JSON object. */
    public List<JsonNode> json() {
        return out.lines().map(CommandRun::json).toList();
    }

    private static JsonNode json(String line) {
        try {
            return MAPPER.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException("no JSON: " + line, e);
        }
    }
}
