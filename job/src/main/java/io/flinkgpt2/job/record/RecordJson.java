package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Helpers of the writers of records. Strings that have no UTF-8 form are written with U+FFFD: writing never fails. */
final class RecordJson {
    // Else a character past U+FFFF takes twelve bytes, as two escapes, instead of four.
    private static final JsonFactory GENERATORS = JsonFactory.builder()
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .build();

    private RecordJson() {}

    /** Writes the fields of one object. */
    @FunctionalInterface
    interface Fields {
        void writeTo(JsonGenerator json) throws IOException;
    }

    /** Returns one object as UTF-8 on one line, without an end of line. */
    static byte[] object(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (JsonGenerator json = GENERATORS.createGenerator(bytes)) {
            json.writeStartObject();
            fields.writeTo(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("an array of bytes refused to be written to", e);
        }
        return bytes.toByteArray();
    }

    /** {@code text} as a JSON string. */
    static String quote(String text) {
        return '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
    }

    /** A string, or null. */
    static void writeString(JsonGenerator json, String name, String value) throws IOException {
        json.writeStringField(name, WireText.wellFormed(value));
    }

    /** Text of a JSON value, or {@code absent} for null. */
    static void writeJson(JsonGenerator json, String name, String value, String absent) throws IOException {
        json.writeFieldName(name);
        json.writeRawValue(value == null ? absent : WireText.wellFormed(value));
    }

    /** Where a record stood, or null; its topic is cut after {@code longestTopic} characters. */
    static void writeSource(JsonGenerator json, RecordSource source, int longestTopic) throws IOException {
        if (source == null) {
            json.writeNullField("source");
            return;
        }
        json.writeObjectFieldStart("source");
        writeString(json, "topic", WireText.shortened(source.topic, longestTopic));
        json.writeNumberField("partition", source.partition);
        json.writeNumberField("offset", source.offset);
        json.writeNumberField("timestamp", source.timestamp);
        json.writeEndObject();
    }

    /** An error, or null; each of its strings is cut: the message after {@code longestMessage} characters. */
    static void writeError(JsonGenerator json, RecordError error, int longestMessage, int longestWord)
            throws IOException {
        if (error == null) {
            json.writeNullField("error");
            return;
        }
        json.writeObjectFieldStart("error");
        writeString(json, "message", WireText.shortened(error.message, longestMessage));
        writeString(json, "type", WireText.shortened(error.type, longestWord));
        writeString(json, "param", WireText.shortened(error.param, longestWord));
        writeString(json, "code", WireText.shortened(error.code, longestWord));
        json.writeEndObject();
    }
}
