package io.flinkgpt2.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.json.JsonFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A small JSON file of a model, such as {@code config.json}, read as Python's {@code json} reads it: {@code NaN} and
 * {@code Infinity} are numbers, and of fields with one name the last counts. A byte order mark is passed over.
 */
public final class JsonFile {

    /** Longest file that is read, in bytes: far above any real one, so that a wrong file is refused before it is read. */
    static final int LARGEST = 1 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static final String EXPECTED = "one JSON object in UTF-8";
    private static final String ADVICE = "correct it, or fetch it again";

    private JsonFile() {}

    /**
     * Reads a file that holds one object.
     *
     * @throws InvalidModelException if the file is missing, larger than 1 MiB, not UTF-8 or not one JSON object
     * @throws IOException if the file cannot be read
     */
    public static ObjectNode read(Path file) throws IOException {
        byte[] bytes = bytes(file);
        ModelFiles.refuseGitLfsPointer(file, bytes);
        JsonNode root;
        try {
            root = MAPPER.readTree(text(file, bytes));
        } catch (JsonProcessingException e) {
            String found = "text that is not JSON (" + InvalidModelException.printable(JsonFault.describe(e)) + ")";
            throw new InvalidModelException(file, "file", found, EXPECTED, ADVICE);
        }
        if (!(root instanceof ObjectNode object)) {
            String found = root.isMissingNode() ? "nothing" : "JSON that is not an object";
            throw new InvalidModelException(file, "file", found, EXPECTED, ADVICE);
        }
        return object;
    }

    private static byte[] bytes(Path file) throws IOException {
        try (FileChannel channel = ModelFiles.open(file)) {
            long size = ModelFiles.size(channel, file);
            if (size > LARGEST) {
                throw new InvalidModelException(
                        file, "file", size + " bytes", "at most " + LARGEST, "check that it is the right file");
            }
            return ModelFiles.read(channel, file, "file", 0, (int) size);
        }
    }

    private static String text(Path file, byte[] bytes) throws InvalidModelException {
        try {
            // A new decoder reports malformed input instead of replacing it.
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            // UTF-16 and UTF-32 of plain letters are valid UTF-8 too, with a NUL in or before each.
            if (text.indexOf('\0') < 0) {
                return text.startsWith("\uFEFF") ? text.substring(1) : text;
            }
        } catch (CharacterCodingException e) {
            // Refused below.
        }
        throw new InvalidModelException(
                file, "file", "text that is not UTF-8", EXPECTED, "save it as UTF-8, or fetch it again");
    }
}
