package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;

/** Reads arrays of token ids that are sets, in memory that follows the vocabulary and not what a stranger sends. */
final class TokenIdsReader {
    private static final String ID = ", expected an integer, an id of the model's vocabulary";

    private TokenIdsReader() {}

    /**
     * Returns the distinct ids of the array at which the parser stands, in their order.
     *
     * @param fewest minimum number of distinct ids
     * @param most maximum number of distinct ids
     */
    static int[] read(String field, int fewest, int most, ReadContext context)
            throws IOException, InvalidRequestException {
        JsonFields json = context.json();
        JsonParser parser = json.parser();
        json.expect(JsonToken.START_ARRAY, field, "an array of token ids");
        int vocabularySize = context.limits().vocabularySize();
        BitSet seen = new BitSet(vocabularySize);
        int[] ids = new int[16];
        int length = 0;
        for (int index = 0; parser.nextToken() != JsonToken.END_ARRAY; index++) {
            int id = tokenId(field, "at index " + index, json);
            requireInVocabulary(field, "at index " + index, id, vocabularySize);
            if (!seen.get(id)) {
                if (length == most) {
                    throw InvalidRequestException.invalidValue(
                            field, "more than " + most + " token ids", "at most that many");
                }
                seen.set(id);
                ids = length == ids.length ? Arrays.copyOf(ids, 2 * length) : ids;
                ids[length++] = id;
            }
        }
        if (length < fewest) {
            throw InvalidRequestException.invalidValue(
                    field, "an empty array", "one token id or more; leave the field out to allow all");
        }
        return Arrays.copyOf(ids, length);
    }

    /** Reads an integer of 32 bits. */
    static int tokenId(String field, String where, JsonFields json) throws IOException, InvalidRequestException {
        JsonParser parser = json.parser();
        boolean number = parser.currentToken().isNumeric();
        if (number) {
            JsonIntegers.Parsed id = JsonIntegers.parse(parser.getText());
            if (id.kind() == JsonIntegers.Kind.LONG && id.value() == (int) id.value()) {
                return (int) id.value();
            }
            number = id.kind() != JsonIntegers.Kind.FRACTION;
        }
        throw new InvalidRequestException(
                number ? InvalidRequestException.INVALID_VALUE : InvalidRequestException.INVALID_TYPE,
                field,
                field + ": " + where + ": found " + json.found() + ID);
    }

    /** Refuses an id that the model does not have. */
    static void requireInVocabulary(String field, String where, int id, int vocabularySize)
            throws InvalidRequestException {
        if (id < 0 || id >= vocabularySize) {
            throw new InvalidRequestException(
                    InvalidRequestException.INVALID_VALUE,
                    field,
                    field + ": " + where + ": found " + id + ", expected 0.." + (vocabularySize - 1)
                            + " (the model's vocabulary)");
        }
    }
}
