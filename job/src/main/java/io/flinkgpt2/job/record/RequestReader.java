package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_JSON;
import static io.flinkgpt2.job.record.InvalidRequestException.TOO_LARGE;
import static io.flinkgpt2.job.record.InvalidRequestException.UNKNOWN_FIELD;
import static io.flinkgpt2.job.record.InvalidRequestException.UNSUPPORTED_FIELD;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.generation.PromptTruncation;
import java.io.IOException;
import java.nio.CharBuffer;

/**
 * Reads the JSON of one request, bare or in an envelope, in two passes: whether it is JSON at all, then what it says. So
 * what is no JSON is always called that, and the envelope is known before its first field is judged. Keeps no tree, so that
 * memory follows what a request may hold, not what a stranger sends.
 */
final class RequestReader {
    /** Most names in a document, on all levels: while duplicates are looked for, each costs far more heap than text. */
    static final int MAX_NAMES = 65_536;

    /** In characters. */
    private static final int LONGEST_STRING = 64 << 20;

    /** Most of what Jackson says that goes into a message, in characters: it repeats names and words of the document. */
    private static final int LONGEST_REASON = 300;

    private static final String BODY = "body";
    private static final String PROMPT = "prompt";
    private static final String BODY_FIELDS =
            "custom_id, model, prompt, max_tokens, temperature, top_k, top_p, seed, truncate_prompt, allow_special_tokens,"
                    + " metadata, user";
    private static final String ENVELOPE_FIELDS = "custom_id, method, url, body";

    // Names are neither interned nor kept in the factory's symbol table: they come from strangers, and outlive the
    // parser.
    private static final JsonFactory PARSERS = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(LONGEST_STRING)
                    .build())
            .build();

    private final JsonParser parser;
    private final JsonFields json;
    private final UnknownFields policy;
    private final PromptLimits limits;
    private final RequestFields fields = new RequestFields();

    private RequestReader(JsonParser parser, UnknownFields policy, PromptLimits limits) {
        this.parser = parser;
        this.json = new JsonFields(parser);
        this.policy = policy;
        this.limits = limits;
    }

    /** @param limits say which token ids a prompt may have, and how many of them to keep */
    static RequestFields read(CharBuffer characters, UnknownFields policy, PromptLimits limits)
            throws InvalidRequestException {
        try {
            boolean envelope;
            try (JsonParser parser = parserOf(characters)) {
                envelope = isEnvelope(parser);
            }
            try (JsonParser parser = parserOf(characters)) {
                RequestReader reader = new RequestReader(parser, policy, limits);
                parser.nextToken();
                if (envelope) {
                    reader.readEnvelope();
                } else {
                    reader.readBody();
                }
                return reader.fields;
            }
        } catch (IOException e) {
            throw invalidJson(e);
        }
    }

    private static JsonParser parserOf(CharBuffer characters) throws IOException {
        return PARSERS.createParser(
                characters.array(), characters.arrayOffset() + characters.position(), characters.remaining());
    }

    /** Goes through the whole document; whether its object has a {@code body} that is not null. */
    private static boolean isEnvelope(JsonParser parser) throws IOException, InvalidRequestException {
        JsonToken root = parser.nextToken();
        if (root == null) {
            throw notOneDocument("nothing but white space");
        }
        boolean envelope = false;
        int names = 0;
        int depth = 0;
        JsonToken token = root;
        while (true) {
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.FIELD_NAME && ++names > MAX_NAMES) {
                throw new InvalidRequestException(
                        TOO_LARGE,
                        null,
                        "the value: found more than " + MAX_NAMES + " names, expected at most that many");
            }
            if (depth == 0) {
                break;
            }
            boolean body = depth == 1
                    && token == JsonToken.FIELD_NAME
                    && parser.currentName().equals(BODY);
            token = parser.nextToken();
            envelope |= body && token != JsonToken.VALUE_NULL;
        }
        if (parser.nextToken() != null) {
            throw notOneDocument("more text after its end");
        }
        if (root != JsonToken.START_OBJECT) {
            throw InvalidRequestException.invalidType(
                    null, root == JsonToken.START_ARRAY ? "an array" : "a single value", "one JSON object");
        }
        return envelope;
    }

    private void readEnvelope() throws IOException, InvalidRequestException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            parser.nextToken();
            if (json.isNull()) {
                continue;
            }
            switch (name) {
                case "custom_id" -> fields.envelopeCustomId = customId();
                case "method" -> requireConstant(name, "POST");
                case "url" -> requireConstant(name, "/v1/completions");
                case BODY -> {
                    if (parser.currentToken() != JsonToken.START_OBJECT) {
                        throw InvalidRequestException.invalidType(name, json.found(), "an object, the request");
                    }
                    readBody();
                }
                default -> passOver(name, "an envelope", ENVELOPE_FIELDS);
            }
        }
    }

    private void readBody() throws IOException, InvalidRequestException {
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            parser.nextToken();
            if (!json.isNull()) {
                readField(name);
            }
        }
    }

    private void readField(String name) throws IOException, InvalidRequestException {
        switch (name) {
            case "custom_id" -> fields.customId = customId();
            case "model" -> fields.model = json.string(name);
            case PROMPT -> readPrompt();
            case "max_tokens" -> fields.maxTokens = (int) json.integer(name, 0, Integer.MAX_VALUE);
            case "temperature" -> fields.temperature = json.number(name, t -> t >= 0, "a number of 0 or more");
            case "top_k" ->
                fields.topK = (int) Math.max(0, json.integer(name, -1, Integer.MAX_VALUE)); // -1 is vLLM's off
            case "top_p" -> fields.topP = json.number(name, p -> p > 0 && p <= 1, "a number above 0 and at most 1");
            case "seed" -> fields.seed = json.integer(name, Long.MIN_VALUE, Long.MAX_VALUE);
            case "truncate_prompt" -> fields.truncation = truncation(name);
            case "allow_special_tokens" -> fields.allowSpecialTokens = json.flag(name);
            case "metadata" -> fields.metadata = json.objectText(name);
            case "user" -> fields.user = RecordJson.quote(json.string(name));
            default -> {
                if (UnsupportedFields.contains(name)) {
                    UnsupportedFields.requireDefault(name, json);
                } else {
                    passOver(name, "a request", BODY_FIELDS);
                }
            }
        }
    }

    private String customId() throws IOException, InvalidRequestException {
        String id = json.string("custom_id");
        int length = id.codePointCount(0, id.length());
        if (length < 1 || length > RequestParser.LONGEST_CUSTOM_ID) {
            throw InvalidRequestException.invalidValue(
                    "custom_id",
                    length + " characters",
                    "1.." + RequestParser.LONGEST_CUSTOM_ID + "; leave the field out to use the Kafka key");
        }
        return id;
    }

    private void requireConstant(String field, String constant) throws IOException, InvalidRequestException {
        String found = json.string(field);
        if (!found.equals(constant)) {
            throw InvalidRequestException.invalidValue(field, WireText.quoted(found), "'" + constant + "'");
        }
    }

    private PromptTruncation truncation(String field) throws IOException, InvalidRequestException {
        String found = json.string(field);
        for (PromptTruncation truncation : PromptTruncation.values()) {
            if (truncation.wireName().equals(found)) {
                return truncation;
            }
        }
        throw InvalidRequestException.invalidValue(field, WireText.quoted(found), "'error', 'left' or 'right'");
    }

    private void readPrompt() throws IOException, InvalidRequestException {
        switch (parser.currentToken()) {
            case VALUE_STRING -> fields.promptText = json.string(PROMPT);
            case START_ARRAY -> readPromptArray();
            default ->
                throw InvalidRequestException.invalidType(PROMPT, json.found(), "a string or an array of token ids");
        }
    }

    private void readPromptArray() throws IOException, InvalidRequestException {
        PromptTokens ids = limits.newPrompt();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            if (ids.length() == 0 && (token == JsonToken.VALUE_STRING || token == JsonToken.START_ARRAY)) {
                throw new InvalidRequestException(
                        UNSUPPORTED_FIELD,
                        PROMPT,
                        "prompt: found an array of prompts, which is not supported yet; send a record for each prompt");
            }
            int id = tokenId(ids.length());
            try {
                ids.add(id);
            } catch (IllegalArgumentException e) {
                throw new InvalidRequestException(
                        InvalidRequestException.INVALID_VALUE, PROMPT, "prompt: " + e.getMessage(), e);
            }
        }
        fields.promptTokens = ids;
    }

    private int tokenId(int index) throws IOException, InvalidRequestException {
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw noTokenId(InvalidRequestException.INVALID_TYPE, index, null);
        }
        try {
            return Integer.parseInt(parser.getText());
        } catch (NumberFormatException e) {
            throw noTokenId(InvalidRequestException.INVALID_VALUE, index, e);
        }
    }

    private InvalidRequestException noTokenId(String code, int index, NumberFormatException cause) throws IOException {
        return new InvalidRequestException(
                code,
                PROMPT,
                "prompt: token id at index " + index + ": found " + json.found()
                        + ", expected an integer, an id of the model's vocabulary",
                cause);
    }

    private void passOver(String name, String owner, String known) throws IOException, InvalidRequestException {
        if (policy == UnknownFields.REJECT) {
            throw new InvalidRequestException(
                    UNKNOWN_FIELD,
                    WireText.printable(name),
                    "found the field " + WireText.quoted(name) + ", expected of " + owner + " only " + known
                            + "; leave the field out, or run the job with records.unknown-fields = ignore");
        }
        parser.skipChildren();
    }

    private static InvalidRequestException notOneDocument(String found) {
        return new InvalidRequestException(
                INVALID_JSON, null, "the value: found " + found + ", expected one JSON object and nothing else");
    }

    private static InvalidRequestException invalidJson(IOException e) {
        String where = "";
        String what = e.getMessage();
        if (e instanceof JsonProcessingException jackson) {
            JsonLocation location = jackson.getLocation();
            where = location == null ? "" : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
            what = jackson.getOriginalMessage();
        }
        return new InvalidRequestException(
                INVALID_JSON,
                null,
                "the value is not JSON" + where + ": " + WireText.printable(what, LONGEST_REASON)
                        + "; send one JSON object",
                e);
    }
}
