package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_JSON;
import static io.flinkgpt2.job.record.InvalidRequestException.TOO_LARGE;
import static io.flinkgpt2.job.record.InvalidRequestException.UNKNOWN_FIELD;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.json.JsonFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.CharBuffer;

/**
 * Reads the JSON of one request, bare or in an envelope, in two passes: whether it is JSON at all, then what it says. So
 * what is not JSON is always called that, and the envelope is known before its first field is judged. Keeps no tree, so that
 * memory follows what a request may hold, not what a stranger sends.
 */
final class RequestReader {
    /** Most names in a document, on all levels: while duplicates are looked for, each costs far more heap than text. */
    static final int MAX_NAMES = 65_536;

    /** In characters. */
    private static final int LONGEST_STRING = 64 << 20;

    /** Most of the reason why a text is not JSON that goes into a message, in characters: it repeats words of the text. */
    private static final int LONGEST_REASON = 300;

    private static final String BODY = "body";

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
    private final ReadContext context;
    private final RequestDraft draft = new RequestDraft();

    private RequestReader(JsonParser parser, UnknownFields policy, PromptLimits limits) {
        this.parser = parser;
        this.json = new JsonFields(parser);
        this.policy = policy;
        this.context = new ReadContext(json, limits, policy);
    }

    /** @param limits say which token ids a prompt may have, and how many of them to keep */
    static RequestDraft read(CharBuffer characters, UnknownFields policy, PromptLimits limits)
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
                    reader.draft.envelope = true;
                    reader.readEnvelope();
                } else {
                    reader.readBody();
                }
                return reader.draft;
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
                case "custom_id" -> draft.envelopeCustomId = RequestFields.id(name, json);
                case "method" -> requireConstant(name, "POST");
                case "url" -> requireConstant(name, "/v1/completions");
                case BODY -> {
                    if (parser.currentToken() != JsonToken.START_OBJECT) {
                        throw InvalidRequestException.invalidType(name, json.found(), "an object, the request");
                    }
                    readBody();
                }
                default -> passOver(name, true);
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
        RequestField field = RequestFields.all().get(name);
        if (field == null) {
            passOver(name, false);
        } else {
            field.read(context, draft);
        }
    }

    private void requireConstant(String field, String constant) throws IOException, InvalidRequestException {
        String found = json.string(field);
        if (!found.equals(constant)) {
            throw InvalidRequestException.invalidValue(field, WireText.quoted(found), "'" + constant + "'");
        }
    }

    private void passOver(String name, boolean inEnvelope) throws IOException, InvalidRequestException {
        if (policy == UnknownFields.REJECT) {
            throw new InvalidRequestException(
                    UNKNOWN_FIELD, WireText.printable(name), FieldNames.unknown(name, inEnvelope));
        }
        parser.skipChildren();
    }

    private static InvalidRequestException notOneDocument(String found) {
        return new InvalidRequestException(
                INVALID_JSON, null, "the value: found " + found + ", expected one JSON object and nothing else");
    }

    private static InvalidRequestException invalidJson(IOException e) {
        if (!(e instanceof JsonProcessingException malformed)) {
            throw new UncheckedIOException("characters in memory could not be read", e);
        }
        JsonLocation location = malformed.getLocation();
        String where =
                location == null ? "" : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
        return new InvalidRequestException(
                INVALID_JSON,
                null,
                "the value is not JSON" + where + near(malformed) + ": "
                        + WireText.printable(JsonFault.reason(malformed), LONGEST_REASON) + "; send one JSON object",
                e);
    }

    /** Returns the last name that was read, which is the field whose value is malformed in most cases. */
    private static String near(JsonProcessingException malformed) {
        String name = null;
        if (malformed.getProcessor() instanceof JsonParser parser) {
            JsonStreamContext context = parser.getParsingContext();
            while (context != null && context.getCurrentName() == null) {
                context = context.getParent();
            }
            name = context == null ? null : context.getCurrentName();
        }
        return name == null ? "" : ", near the field " + WireText.quoted(name);
    }
}
