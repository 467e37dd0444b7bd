package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** JSON Schemas (draft 2020-12) of the records: that of requests is made of {@link RequestFields}. */
public final class RecordSchemas {
    private static final String NULL = "{\"type\":\"null\"}";

    private RecordSchemas() {}

    /**
     * Returns the text of the schema of a request, bare or in an envelope. What it refuses is not a valid request; some requests
     * that it takes are refused too, for what depends on the model or contradicts another field.
     */
    public static String request() {
        byte[] schema = RecordJson.object(json -> {
            json.writeStringField("$schema", "https://json-schema.org/draft/2020-12/schema");
            json.writeStringField("title", "Request");
            json.writeStringField(
                    "description",
                    "A request, bare or in the Batch API's envelope. A field that is null counts as absent.");
            writeRaw(json, "anyOf", "[{\"$ref\":\"#/$defs/body\"},{\"$ref\":\"#/$defs/envelope\"}]");
            json.writeObjectFieldStart("$defs");
            writeBody(json);
            writeEnvelope(json);
            json.writeEndObject();
        });
        return new String(schema, StandardCharsets.UTF_8);
    }

    /** Returns the text of the schema of an answer. */
    public static String completion() {
        return resource("completion.schema.json");
    }

    /** Returns the text of the schema of a dead letter. */
    public static String deadLetter() {
        return resource("dead-letter.schema.json");
    }

    private static void writeBody(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("body");
        json.writeStringField("type", "object");
        json.writeObjectFieldStart("properties");
        for (RequestField field : RequestFields.all().values()) {
            json.writeObjectFieldStart(field.name());
            json.writeStringField("description", field.isSupported() ? field.meaning() : "refused: " + field.meaning());
            if (field.defaultJson().isPresent()) {
                writeRaw(json, "default", field.defaultJson().get());
            }
            String values = field.name().equals("prompt") ? field.schema() : field.schema() + "," + NULL;
            writeRaw(json, "anyOf", "[" + values + "]");
            json.writeEndObject();
        }
        json.writeEndObject();
        writeRaw(json, "required", "[\"prompt\"]");
        writeRaw(json, "additionalProperties", NULL);
        json.writeEndObject();
    }

    private static void writeEnvelope(JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("envelope");
        json.writeStringField("type", "object");
        json.writeObjectFieldStart("properties");
        writeRaw(
                json,
                "custom_id",
                "{\"anyOf\":[" + RequestFields.all().get("custom_id").schema() + "," + NULL + "]}");
        writeRaw(json, "method", "{\"enum\":[\"POST\",null]}");
        writeRaw(json, "url", "{\"enum\":[\"/v1/completions\",null]}");
        writeRaw(json, "body", "{\"$ref\":\"#/$defs/body\"}");
        json.writeEndObject();
        writeRaw(json, "required", "[\"body\"]");
        writeRaw(json, "additionalProperties", NULL);
        json.writeEndObject();
    }

    private static void writeRaw(JsonGenerator json, String name, String value) throws IOException {
        json.writeFieldName(name);
        json.writeRawValue(value);
    }

    private static String resource(String name) {
        try (InputStream in = RecordSchemas.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name + "; build it again");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name, e);
        }
    }
}
