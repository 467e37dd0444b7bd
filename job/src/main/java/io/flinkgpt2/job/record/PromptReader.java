package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_TYPE;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_VALUE;
import static io.flinkgpt2.job.record.InvalidRequestException.UNSUPPORTED_FIELD;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.generation.PromptTokens;
import java.io.IOException;

/**
 * Reads {@code prompt}: a string or an array of token ids, or an array that holds one such prompt. An empty array is an empty
 * prompt of token ids.
 */
final class PromptReader {
    private static final String PROMPT = "prompt";
    private static final String EXPECTED = "a string or an array of token ids";

    private final JsonParser parser;
    private final JsonFields json;
    private final PromptLimits limits;
    private final RequestDraft draft;

    PromptReader(ReadContext context, RequestDraft draft) {
        this.parser = context.json().parser();
        this.json = context.json();
        this.limits = context.limits();
        this.draft = draft;
    }

    /** Reads the value at which the parser stands into the request's draft. */
    void read() throws IOException, InvalidRequestException {
        switch (parser.currentToken()) {
            case VALUE_STRING -> draft.promptText = json.string(PROMPT);
            case START_ARRAY -> {
                JsonToken first = parser.nextToken();
                if (first == JsonToken.VALUE_STRING) {
                    draft.promptText = json.string(PROMPT);
                    requireOnlyPrompt(first);
                } else if (first == JsonToken.START_ARRAY) {
                    parser.nextToken();
                    draft.promptTokens = tokenIds();
                    requireOnlyPrompt(first);
                } else {
                    draft.promptTokens = tokenIds();
                }
            }
            default -> throw InvalidRequestException.invalidType(PROMPT, json.found(), EXPECTED);
        }
    }

    /** Goes past the end of an array of prompts, which stands after its first one. */
    private void requireOnlyPrompt(JsonToken form) throws IOException, InvalidRequestException {
        JsonToken next = parser.nextToken();
        if (next == JsonToken.END_ARRAY) {
            return;
        }
        if (next == form) {
            throw new InvalidRequestException(
                    UNSUPPORTED_FIELD,
                    PROMPT,
                    "prompt: found an array of prompts, more than one, which is not supported yet; send a record for"
                            + " each prompt");
        }
        throw new InvalidRequestException(
                INVALID_TYPE,
                PROMPT,
                "prompt: at index 1: found " + json.found() + " after "
                        + (form == JsonToken.VALUE_STRING ? "a string" : "an array")
                        + ", expected one prompt, " + EXPECTED);
    }

    /** Reads ids from the token at which the parser stands to the end of their array. */
    private PromptTokens tokenIds() throws IOException, InvalidRequestException {
        PromptTokens ids = limits.newPrompt();
        for (JsonToken token = parser.currentToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            int id = tokenId(ids.length());
            try {
                ids.add(id);
            } catch (IllegalArgumentException e) {
                throw new InvalidRequestException(INVALID_VALUE, PROMPT, "prompt: " + e.getMessage(), e);
            }
        }
        return ids;
    }

    private int tokenId(int index) throws IOException, InvalidRequestException {
        boolean number = parser.currentToken().isNumeric();
        if (number) {
            JsonIntegers.Parsed id = JsonIntegers.parse(parser.getText());
            if (id.kind() == JsonIntegers.Kind.LONG && id.value() == (int) id.value()) {
                return (int) id.value();
            }
            number = id.kind() != JsonIntegers.Kind.FRACTION;
        }
        throw new InvalidRequestException(
                number ? INVALID_VALUE : INVALID_TYPE,
                PROMPT,
                "prompt: token id at index " + index + ": found " + json.found()
                        + ", expected an integer, an id of the model's vocabulary");
    }
}
