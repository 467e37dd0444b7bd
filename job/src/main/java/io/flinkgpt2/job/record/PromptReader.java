package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_TYPE;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_VALUE;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.IOException;

/**
 * Reads {@code prompt}: a string or an array of token ids, or an array of strings or of such arrays. An empty array is an empty
 * prompt of token ids. An array of more prompts than a request may have is refused before the rest of it is read.
 */
final class PromptReader {
    private static final String PROMPT = "prompt";
    private static final String EXPECTED =
            "a string or an array of token ids, or an array of strings or of such arrays";

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
            case VALUE_STRING -> draft.promptTexts.add(json.string(PROMPT));
            case START_ARRAY -> {
                JsonToken first = parser.nextToken();
                if (first == JsonToken.VALUE_STRING || first == JsonToken.START_ARRAY) {
                    readPrompts(first);
                } else {
                    draft.promptTokens.add(tokenIds(""));
                }
            }
            default -> throw InvalidRequestException.invalidType(PROMPT, json.found(), EXPECTED);
        }
    }

    /** Reads prompts of one form, at whose first one the parser stands, to the end of their array. */
    private void readPrompts(JsonToken form) throws IOException, InvalidRequestException {
        boolean texts = form == JsonToken.VALUE_STRING;
        int index = 0;
        for (JsonToken token = form; token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            if (token != form) {
                throw new InvalidRequestException(
                        INVALID_TYPE,
                        PROMPT,
                        "prompt: at index " + index + ": found " + json.found() + " after "
                                + (texts ? "a string, expected strings only" : "an array, expected arrays only"));
            }
            if (index == GenerationParameters.MAX_CHOICES) {
                throw InvalidRequestException.invalidValue(
                        PROMPT,
                        "more than " + index + " prompts",
                        "at most " + index + "; send a request for each part of them");
            }
            if (texts) {
                draft.promptTexts.add(json.string(PROMPT));
            } else {
                parser.nextToken();
                draft.promptTokens.add(tokenIds("at index " + index + ": "));
            }
            index++;
        }
    }

    /** Reads ids from the token at which the parser stands to the end of their array. */
    private PromptTokens tokenIds(String where) throws IOException, InvalidRequestException {
        PromptTokens ids = limits.newPrompt();
        for (JsonToken token = parser.currentToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            int id = TokenIdsReader.tokenId(PROMPT, where + "token id at index " + ids.length(), json);
            try {
                ids.add(id);
            } catch (IllegalArgumentException e) {
                throw new InvalidRequestException(INVALID_VALUE, PROMPT, "prompt: " + where + e.getMessage(), e);
            }
        }
        return ids;
    }
}
