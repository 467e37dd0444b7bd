package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.constraint.ConstraintSource;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads what an answer must match, in the several forms that clients know. */
final class ConstraintReader {
    private static final String STRUCTURED = "structured_outputs";
    private static final String FORMAT = "response_format";
    private static final String ONE = "expected exactly one of choice, regex, json and json_object";

    private ConstraintReader() {}

    static void structuredOutputs(ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException {
        int[] given = {0};
        Map<String, Members.Reader> readers = new HashMap<>();
        readers.put("choice", counted(given, path -> choice(path, context, draft)));
        readers.put("regex", counted(given, path -> regex(path, context, draft)));
        readers.put("json", counted(given, path -> json(path, context, draft)));
        readers.put("json_object", counted(given, path -> jsonObject(path, context, draft)));
        readers.put("grammar", path -> refuse(path, "it is not supported"));
        readers.put("structural_tag", path -> refuse(path, "it is not supported"));
        readers.put("whitespace_pattern", path -> refuse(path, "JSON is always compact"));
        readers.put("disable_any_whitespace", context.json()::flag);
        readers.put("disable_additional_properties", context.json()::flag);
        Members.read(STRUCTURED, context, readers);
        if (given[0] == 0) {
            throw new InvalidRequestException(
                    InvalidRequestException.INVALID_VALUE,
                    STRUCTURED,
                    STRUCTURED + ": found none of its constraints, " + ONE + "; leave the field out for free text");
        }
    }

    private static Members.Reader counted(int[] given, Members.Reader reader) {
        return path -> {
            if (++given[0] > 1) {
                throw new InvalidRequestException(
                        InvalidRequestException.INVALID_VALUE,
                        STRUCTURED,
                        STRUCTURED + ": found more than one of its constraints, " + ONE);
            }
            reader.read(path);
        };
    }

    private static void refuse(String path, String reason) throws InvalidRequestException {
        throw new InvalidRequestException(
                InvalidRequestException.UNSUPPORTED_FIELD,
                path,
                path + ": found a value, expected none, for " + reason + "; use choice, regex, json or json_object");
    }

    static void responseFormat(ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException {
        JsonFields json = context.json();
        String[] kind = {null};
        ConstraintSource[] schema = {null};
        Members.read(
                FORMAT,
                context,
                Map.of(
                        "type", path -> kind[0] = json.word(path, List.of("text", "json_object", "json_schema")),
                        "json_schema",
                                path -> Members.read(
                                        path,
                                        context,
                                        Map.of(
                                                "name", json::string,
                                                "description", json::string,
                                                "strict", json::flag,
                                                "schema", member -> schema[0] = schema(member, json)))));
        if (kind[0] == null) {
            throw new InvalidRequestException(
                    InvalidRequestException.MISSING_FIELD,
                    FORMAT + ".type",
                    FORMAT + ".type: found none, expected 'text', 'json_object' or 'json_schema'");
        }
        if (schema[0] != null && !kind[0].equals("json_schema")) {
            throw InvalidRequestException.invalidValue(
                    FORMAT + ".json_schema",
                    "a schema with the type '" + kind[0] + "'",
                    "none; or the type 'json_schema'");
        }
        if (kind[0].equals("json_object")) {
            put(FORMAT, ConstraintSource.jsonObject(), draft);
        } else if (kind[0].equals("json_schema")) {
            String path = FORMAT + ".json_schema.schema";
            if (schema[0] == null) {
                throw new InvalidRequestException(
                        InvalidRequestException.MISSING_FIELD,
                        path,
                        path + ": found none, expected a JSON schema; give one, or the type 'json_object'");
            }
            put(path, schema[0], draft);
        }
    }

    static void choice(String path, ReadContext context, RequestDraft draft)
            throws IOException, InvalidRequestException {
        List<String> choices = context.json().strings(path, ConstraintFields.MOST_CHOICES);
        if (choices.isEmpty()) {
            throw InvalidRequestException.invalidValue(path, "an empty array", "one string or more");
        }
        put(path, ConstraintSource.choice(choices), draft);
    }

    static void regex(String path, ReadContext context, RequestDraft draft)
            throws IOException, InvalidRequestException {
        put(path, ConstraintSource.regex(context.json().string(path)), draft);
    }

    static void json(String path, ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException {
        put(path, schema(path, context.json()), draft);
    }

    static void jsonObject(String path, ReadContext context, RequestDraft draft)
            throws IOException, InvalidRequestException {
        if (context.json().flag(path)) {
            put(path, ConstraintSource.jsonObject(), draft);
        }
    }

    /** Reads a JSON schema: an object, or a string that holds one. */
    private static ConstraintSource schema(String path, JsonFields json) throws IOException, InvalidRequestException {
        JsonToken token = json.parser().currentToken();
        if (token != JsonToken.VALUE_STRING && token != JsonToken.START_OBJECT) {
            throw InvalidRequestException.invalidType(
                    path, json.found(), "a JSON schema, as an object or as a string that holds one");
        }
        return ConstraintSource.jsonSchema(token == JsonToken.VALUE_STRING ? json.string(path) : json.objectText(path));
    }

    private static void put(String path, ConstraintSource constraint, RequestDraft draft)
            throws InvalidRequestException {
        if (draft.constraint != null) {
            throw new InvalidRequestException(
                    InvalidRequestException.INVALID_VALUE,
                    path,
                    path + ": found beside " + draft.constraintField + ", expected one constraint; leave one of the two"
                            + " out");
        }
        draft.constraint = constraint;
        draft.constraintField = path;
    }
}
