package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonGenerator;
import io.flinkgpt2.digest.Digests;
import java.io.IOException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * Writes dead letters so that every one of them fits into Kafka, whatever was refused.
 *
 * <p>Fields in order: {@code source}; {@code key} and {@code value}, base64 (RFC 4648, section 4) of the original bytes or
 * null; {@code error}; {@code job}; {@code failed_at}, an ISO 8601 instant in UTC with milliseconds. What is not whole says
 * so, after {@code value}: {@code key_truncated} and {@code value_truncated} (true), {@code key_length} and
 * {@code value_length} (bytes of the original), {@code key_sha256} and {@code value_sha256} (hexadecimal, of the original),
 * {@code headers_dropped} (how many).
 *
 * <p>Of a record that would be too large, the key may take half of the room: past that, the Kafka record goes without a key
 * and the field {@code key} holds as many of the key's first bytes as fit. The headers may take half of what is left then: in
 * their order, each that still fits is kept and the others are dropped. The value takes the rest: as many of its first bytes
 * as fit.
 */
public final class DeadLetterJson {
    /** The least that {@code maxRecordBytes} may be. */
    public static final int LEAST_RECORD_BYTES = 16 << 10;

    /** Kafka's own bytes of a batch of one record (format 2): 61 of the batch, at most 36 of the record. */
    private static final int RECORD_OVERHEAD = 97;

    /** The fields that say what was cut, at their longest. */
    private static final int CUT_FIELDS = 320;

    // A character is at most 6 bytes in JSON, so these take less than 12,500 bytes together.
    private static final int LONGEST_MESSAGE = 1000;
    private static final int LONGEST_WORD = 120;
    private static final int LONGEST_NAME = 249;

    private static final DateTimeFormatter INSTANT =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private DeadLetterJson() {}

    /** A Kafka record. */
    public static final class Encoded {
        private final byte[] key;
        private final byte[] value;
        private final List<RecordHeader> headers;

        private Encoded(byte[] key, byte[] value, List<RecordHeader> headers) {
            this.key = key;
            this.value = value;
            this.headers = headers;
        }

        /** Returns the letter's key, or null if it has none or it does not fit. */
        public byte[] key() {
            return key;
        }

        /** Returns the JSON: UTF-8, one line, without an end of line. */
        public byte[] value() {
            return value;
        }

        /** Returns the letter's headers that fit, in their order; not null. */
        public List<RecordHeader> headers() {
            return headers;
        }
    }

    /**
     * Returns the Kafka record of a letter. Never fails for any letter.
     *
     * @param maxValueBytes the most bytes of the original value to keep, before base64; 0 or more
     * @param maxRecordBytes the most bytes of the Kafka record: key, JSON, headers and what Kafka adds; at least
     *     {@value #LEAST_RECORD_BYTES}
     */
    public static Encoded write(DeadLetter letter, int maxValueBytes, int maxRecordBytes) {
        if (maxValueBytes < 0) {
            throw new IllegalArgumentException(
                    "maxValueBytes: found " + maxValueBytes + ", expected 0 or more; see dead-letters.max-bytes");
        }
        if (maxRecordBytes < LEAST_RECORD_BYTES) {
            throw new IllegalArgumentException("maxRecordBytes: found " + maxRecordBytes + ", expected at least "
                    + LEAST_RECORD_BYTES + "; raise the topic's max.message.bytes");
        }
        int fixed = json(letter, null, null, 0).length;
        long room = (long) maxRecordBytes - RECORD_OVERHEAD - fixed - CUT_FIELDS;

        byte[] kafkaKey = letter.key;
        byte[] jsonKey = letter.key;
        if (letter.key != null) {
            if (letter.key.length + base64Length(letter.key.length) > room / 2) {
                kafkaKey = null;
                jsonKey = head(letter.key, bytesIn(room / 2));
            }
            room -= (kafkaKey == null ? 0 : kafkaKey.length) + base64Length(jsonKey.length);
        }

        List<RecordHeader> headers = headersThatFit(letter.headers, room / 2);
        room -= headers.stream().mapToLong(RecordHeader::size).sum();

        byte[] jsonValue = letter.value == null ? null : head(letter.value, Math.min(maxValueBytes, bytesIn(room)));
        int dropped = letter.headers == null ? 0 : letter.headers.size() - headers.size();
        return new Encoded(kafkaKey, json(letter, jsonKey, jsonValue, dropped), headers);
    }

    private static List<RecordHeader> headersThatFit(List<RecordHeader> headers, long room) {
        List<RecordHeader> fitting = new ArrayList<>();
        long left = room;
        for (RecordHeader header : headers == null ? List.<RecordHeader>of() : headers) {
            long size = header.size();
            if (size <= left) {
                fitting.add(header);
                left -= size;
            }
        }
        return fitting;
    }

    private static long base64Length(long bytes) {
        return (bytes + 2) / 3 * 4;
    }

    /** Returns how many bytes fit into {@code room} characters of base64. */
    private static long bytesIn(long room) {
        return room / 4 * 3;
    }

    private static byte[] head(byte[] bytes, long length) {
        return bytes.length <= length ? bytes : Arrays.copyOf(bytes, (int) length);
    }

    /** @param key what is left of the letter's key, or null: write none; the same for {@code value} */
    private static byte[] json(DeadLetter letter, byte[] key, byte[] value, int headersDropped) {
        return RecordJson.object(json -> {
            RecordJson.writeSource(json, letter.source, LONGEST_NAME);
            writeBytes(json, "key", key);
            writeBytes(json, "value", value);
            writeCut(json, "key", letter.key, key);
            writeCut(json, "value", letter.value, value);
            if (headersDropped > 0) {
                json.writeNumberField("headers_dropped", headersDropped);
            }
            RecordJson.writeError(json, letter.error, LONGEST_MESSAGE, LONGEST_WORD);
            RecordJson.writeString(json, "job", WireText.shortened(letter.job, LONGEST_NAME));
            json.writeStringField("failed_at", INSTANT.format(Instant.ofEpochMilli(letter.failedAt)));
        });
    }

    private static void writeBytes(JsonGenerator json, String name, byte[] bytes) throws IOException {
        json.writeStringField(name, bytes == null ? null : Base64.getEncoder().encodeToString(bytes));
    }

    private static void writeCut(JsonGenerator json, String name, byte[] original, byte[] kept) throws IOException {
        if (kept != null && kept.length < original.length) {
            json.writeBooleanField(name + "_truncated", true);
            json.writeNumberField(name + "_length", original.length);
            json.writeStringField(
                    name + "_sha256", HexFormat.of().formatHex(Digests.sha256().digest(original)));
        }
    }
}
