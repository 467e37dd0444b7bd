package io.flinkgpt2.deploy;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Tokens a second between the first and the last tenth of the answers, of each slot for itself and then added up.
 *
 * <p>Answers of one length end together, a batch at a time, so what is left out at both ends are whole batches: a cut through a
 * batch would count its tokens, but not the time that they took, or the other way round.
 */
final class SteadyState {

    private static final int LEFT_OUT_PART = 10;

    private SteadyState() {}

    /** @param batch how many answers of a slot end together */
    static double tokensPerSecond(List<AnswerLog.Answer> answers, int batch) {
        Map<Integer, List<AnswerLog.Answer>> slots = answers.stream()
                .collect(Collectors.groupingBy(AnswerLog.Answer::partition, TreeMap::new, Collectors.toList()));
        return slots.values().stream().mapToDouble(slot -> ofSlot(slot, batch)).sum();
    }

    private static double ofSlot(List<AnswerLog.Answer> answers, int batch) {
        long[] times =
                answers.stream().mapToLong(AnswerLog.Answer::millis).sorted().toArray();
        int leftOut = ceilDiv(ceilDiv(times.length, LEFT_OUT_PART), batch) * batch;
        int counted = times.length - 2 * leftOut;
        if (counted <= 0) {
            throw new IllegalArgumentException("answers of a slot: found " + times.length + ", expected more than "
                    + 2 * leftOut + ", what is left out at both ends; give more rounds");
        }
        long millis = times[times.length - leftOut - 1] - times[leftOut - 1];
        return counted * (double) answers.get(0).tokens() / (millis * 1e-3);
    }

    private static int ceilDiv(int dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    /** Of an even number, the lower of the middle two. */
    static double median(List<Double> values) {
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        if (sorted.length == 0) {
            throw new IllegalArgumentException("the median of no values: " + Arrays.toString(sorted));
        }
        return sorted[(sorted.length - 1) / 2];
    }
}
