package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What became of a command.
 *
 * @param out standard output
 * @param err standard error, without the line that every JVM prints of the vector module
 */
record Run(int exitCode, String out, String err) {

    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    // A dead letter of 20 MB is one string.
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .build();

    /** Fails where the output is not UTF-8. */
    static Run of(int exitCode, Path out, Path err) throws IOException {
        String messages = utf8(err)
                .lines()
                .filter(line -> !line.startsWith("WARNING: Using incubator modules"))
                .collect(Collectors.joining("\n"));
        return new Run(exitCode, utf8(out), messages);
    }

    static String utf8(Path file) throws IOException {
        try {
            return UTF_8.newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IOException(file + " is not UTF-8", e);
        }
    }

    static JsonNode json(String line) {
        try {
            return MAPPER.readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException("no JSON: " + line.substring(0, Math.min(500, line.length())), e);
        }
    }

    static List<JsonNode> jsonLines(Path file) throws IOException {
        return utf8(file).lines().map(Run::json).toList();
    }

    List<String> lines() {
        return out.lines().toList();
    }

    /** Standard output, each line of which is a JSON object. */
    List<JsonNode> json() {
        return lines().stream().map(Run::json).toList();
    }

    static String text(JsonNode completion) {
        return completion.path("choices").path(0).path("text").textValue();
    }

    static int[] tokenIds(JsonNode ids) {
        return MAPPER.convertValue(ids, int[].class);
    }
}
