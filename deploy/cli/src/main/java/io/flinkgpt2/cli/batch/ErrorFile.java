package io.flinkgpt2.cli.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.PromptFile;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * The prompts that have no answer, one JSON object a line: the fields of a dead letter, whose {@code value} are the original bytes
 * in the file, and before them {@code file} and {@code line}. One whose request was valid and failed has its {@code custom_id} too.
 * The file is made with the first of them.
 */
final class ErrorFile implements AutoCloseable {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Path path;
    private final int mostBytes;
    private OutputStream out;

    /** @param mostBytes the most bytes of an original that are kept */
    ErrorFile(Path path, int mostBytes) {
        this.path = path;
        this.mostBytes = mostBytes;
    }

    /**
     * Writes a prompt without an answer.
     *
     * @param reason its dead letter, or its answer with an error, in an envelope or not
     */
    void write(PromptFile file, FileRecord record, byte[] reason) throws IOException {
        JsonNode said = MAPPER.readTree(reason);
        JsonNode body = said.path("response").path("body");
        if (body.isObject()) {
            said = body;
        }
        ObjectNode json = MAPPER.createObjectNode();
        json.put("file", file.name());
        json.put("line", record.line());
        json.set("source", said.get("source"));
        if (said.has("custom_id")) {
            json.set("custom_id", said.get("custom_id"));
        }
        byte[] original = record.original();
        byte[] kept = original.length <= mostBytes ? original : Arrays.copyOf(original, mostBytes);
        json.put("value", Base64.getEncoder().encodeToString(kept));
        if (kept.length < record.length()) {
            json.put("value_truncated", true);
            json.put("value_length", record.length());
            boolean whole = original.length == record.length();
            json.put("value_sha256", whole ? sha256(original) : record.sha256());
        }
        json.set("error", said.get("error"));
        for (String field : new String[] {"job", "failed_at"}) {
            if (said.has(field)) {
                json.set(field, said.get(field));
            }
        }
        if (out == null) {
            out = new BufferedOutputStream(Files.newOutputStream(path), 1 << 16);
        }
        out.write(MAPPER.writeValueAsBytes(json));
        out.write('\n');
    }

    private static String sha256(byte[] bytes) {
        MessageDigest digest = Digests.sha256();
        return HexFormat.of().formatHex(digest.digest(bytes));
    }

    @Override
    public void close() throws IOException {
        if (out != null) {
            out.close();
        }
    }
}
