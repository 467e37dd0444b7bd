package io.flinkgpt2.job.record;

import io.flinkgpt2.json.QuotedText;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A record of the prompts' topic as it came, before anything was made of it. */
public class PromptRecord {
    private static final int SHOWN_CHARACTERS = 80;

    /** Where it stood. */
    public RecordSource source;

    /** Kafka's key, or null. */
    public byte[] key;

    /** Kafka's value, or null (a tombstone). */
    public byte[] value;

    /** Kafka's headers in their order; null means none. */
    public List<RecordHeader> headers;

    public PromptRecord() {}

    public PromptRecord(RecordSource source, byte[] key, byte[] value, List<RecordHeader> headers) {
        this.source = source;
        this.key = key;
        this.value = value;
        this.headers = headers;
    }

    /**
     * Returns a record that comes from no topic. Its timestamp is now; its place has an empty topic.
     *
     * @param id the record's key, and so the request's identity unless it names a {@code custom_id}: without a {@code seed} the text
     *     is a function of it
     * @param request JSON of a request, such as <code>{"prompt": "Once upon a time", "max_tokens": 40}</code>
     */
    public static PromptRecord of(String id, String request) {
        return new PromptRecord(
                new RecordSource("", 0, 0, System.currentTimeMillis()),
                id.getBytes(StandardCharsets.UTF_8),
                request.getBytes(StandardCharsets.UTF_8),
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
