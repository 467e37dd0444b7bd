package io.flinkgpt2.job.record;

import io.flinkgpt2.sampling.StopParameters.RepetitionDetection;
import java.io.IOException;
import java.util.Map;

/** Reads {@code repetition_detection}. */
final class RepetitionReader {
    private static final String FIELD = "repetition_detection";
    private static final String LARGEST = "max_pattern_size";
    private static final String SMALLEST = "min_pattern_size";
    private static final String COUNT = "min_count";

    private RepetitionReader() {}

    static void read(ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException {
        int[] values = {0, 1, 2};
        Members.read(
                FIELD,
                context,
                Map.of(
                        LARGEST, path -> values[0] = integer(path, context),
                        SMALLEST, path -> values[1] = integer(path, context),
                        COUNT, path -> values[2] = integer(path, context)));
        if (values[0] == 0) {
            // Clients write zeros for all three; nothing is detected, whatever the others are.
            draft.parameters.setRepetition(RepetitionDetection.OFF);
            return;
        }
        require(SMALLEST, values[1], 1, values[0], "1.." + values[0] + ", the " + LARGEST);
        require(COUNT, values[2], 2, Integer.MAX_VALUE, "2 or more");
        draft.parameters.setRepetition(new RepetitionDetection(values[0], values[1], values[2]));
    }

    private static int integer(String path, ReadContext context) throws IOException, InvalidRequestException {
        return (int) context.json().integer(path, 0, Integer.MAX_VALUE);
    }

    private static void require(String member, int found, int lowest, int highest, String expected)
            throws InvalidRequestException {
        if (found < lowest || found > highest) {
            throw InvalidRequestException.invalidValue(FIELD + "." + member, String.valueOf(found), expected);
        }
    }
}
