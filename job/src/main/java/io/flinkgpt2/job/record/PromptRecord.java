package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.flinkgpt2.json.QuotedText;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A record of the prompts' topic, or of a file of prompts, as it came, before anything was made of it. */
public class PromptRecord {
    private static final int SHOWN_CHARACTERS = 80;

    /** Where it stood. */
    public RecordSource source;

    /** Kafka's key, or null; of a record of a file, its identity: name of the file and offset. */
    public byte[] key;

    /** Kafka's value, or null (a tombstone). */
    public byte[] value;

    /** Kafka's headers in their order; null means none. */
    public List<RecordHeader> headers;

    /** Why whoever read it could make no request of it, or null. */
    public RecordError refusal;

    public PromptRecord() {}

    public PromptRecord(RecordSource source, byte[] key, byte[] value, List<RecordHeader> headers) {
        this.source = source;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }

    /**
     * Returns a record that comes from no topic or file: its place has an empty topic, its timestamp is now.
     *
     * @param id the record's key, and so the request's identity unless it has a {@code custom_id}: without a {@code seed} the text is
     *     drawn with one that is made from it
     * @param request JSON of a request, such as <code>{"prompt": "Once upon a time", "max_tokens": 40}</code>
     */
    public static PromptRecord of(String id, String request) {
        return of(id, request.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * As {@link #of}, of a request that has a prompt only, whatever its text. The job's {@code request.*} options are its other fields.
     */
    public static PromptRecord ofPrompt(String id, String prompt) {
        boolean wellFormed = StandardCharsets.UTF_8.newEncoder().canEncode(prompt);
        return of(id, RecordJson.object(json -> {
            if (!wellFormed) {
                // Half a character arrives as such, to be refused, and not as another one.
                json.enable(JsonWriteFeature.ESCAPE_NON_ASCII.mappedFeature());
            }
            json.writeStringField("prompt", prompt);
        }));
    }

    private static PromptRecord of(String id, byte[] request) {
        return new PromptRecord(
                new RecordSource("", 0, 0, System.currentTimeMillis()),
                id.getBytes(StandardCharsets.UTF_8),
                request,
                null);
    }

    @Override
    public String toString() {
        if (value == null) {
            return "PromptRecord[" + source + ", no value]";
        }
        String head = new String(value, 0, Math.min(value.length, 4 * SHOWN_CHARACTERS), StandardCharsets.UTF_8);
        return "PromptRecord[" + source + ", " + QuotedText.of(head, SHOWN_CHARACTERS) + "]";
    }
}
