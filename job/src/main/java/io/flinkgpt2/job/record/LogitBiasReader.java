package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.Arrays;
import java.util.regex.Pattern;

/** Reads {@code logit_bias}: an object from token ids to biases. A bias that is null counts as absent. */
final class LogitBiasReader {
    private static final String FIELD = "logit_bias";

    /** The one way to write an id, so that no two names are the same one; an id has at most nine digits. */
    private static final Pattern ID = Pattern.compile("0|[1-9][0-9]{0,8}");

    private static final FieldType.Range BIAS = FieldType.Range.between(-100, 100);

    private LogitBiasReader() {}

    static void read(ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException {
        JsonFields json = context.json();
        JsonParser parser = json.parser();
        json.expect(JsonToken.START_OBJECT, FIELD, "an object from token ids to biases");
        int vocabularySize = context.limits().vocabularySize();
        int[] ids = new int[16];
        float[] biases = new float[16];
        int length = 0;
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            int id = tokenId(name, vocabularySize);
            if (parser.nextToken() == JsonToken.VALUE_NULL) {
                continue;
            }
            if (length == ids.length) {
                ids = Arrays.copyOf(ids, 2 * length);
                biases = Arrays.copyOf(biases, 2 * length);
            }
            ids[length] = id;
            biases[length] = (float) json.number(FIELD, BIAS.allowed(), "a " + BIAS.words() + ", for token " + id);
            length++;
        }
        draft.parameters.setLogitBias(Arrays.copyOf(ids, length), Arrays.copyOf(biases, length));
    }

    private static int tokenId(String name, int vocabularySize) throws InvalidRequestException {
        boolean written = ID.matcher(name).matches();
        if (!written || Integer.parseInt(name) >= vocabularySize) {
            throw InvalidRequestException.invalidValue(
                    FIELD,
                    "the name " + WireText.quoted(name),
                    "a token id, '0'..'" + (vocabularySize - 1) + "' (the model's vocabulary)"
                            + (written ? "" : ", in decimal digits without leading zeros"));
        }
        return Integer.parseInt(name);
    }
}
