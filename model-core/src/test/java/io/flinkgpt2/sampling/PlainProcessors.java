package io.flinkgpt2.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Each change of logits as one would write it down from its definition, over all tokens so far, with nothing kept from step to
 * step: what the processors are compared with.
 */
final class PlainProcessors {

    /** A request's wishes in the terms of the processors. */
    record Wishes(
            LogitsParameters logits,
            int minTokens,
            int[] endingIds,
            List<int[]> badWords,
            LogitsProcessor constraint) {}

    private PlainProcessors() {}

    /** Returns the logits after all that is wished for, in the order of the records. */
    static float[] apply(float[] logits, Wishes wishes, List<Integer> prompt, List<Integer> generated) {
        LogitsParameters parameters = wishes.logits();
        List<Integer> all = new ArrayList<>(prompt);
        all.addAll(generated);
        float[] result = logits.clone();
        for (int i = 0; i < parameters.biasIds().length; i++) {
            result[parameters.biasIds()[i]] += parameters.biases()[i];
        }
        List<Integer> allowed =
                Arrays.stream(parameters.allowedTokenIds()).boxed().toList();
        for (int id = 0; id < result.length; id++) {
            if ((!allowed.isEmpty() && !allowed.contains(id))
                    || isLastOfABadWord(id, wishes.badWords(), generated)
                    || repeatsAnNgram(id, parameters.noRepeatNgramSize(), all)) {
                result[id] = Float.NEGATIVE_INFINITY;
            }
        }
        if (wishes.constraint() != null) {
            wishes.constraint().apply(result, 0, result.length);
        }
        for (int id = 0; id < result.length; id++) {
            if (parameters.repetitionPenalty() != 1 && all.contains(id)) {
                double penalty = parameters.repetitionPenalty();
                result[id] = (float) (result[id] > 0 ? result[id] / penalty : result[id] * penalty);
            }
            int count = 0;
            for (int token : generated) {
                count += token == id ? 1 : 0;
            }
            if (count > 0) {
                result[id] =
                        (float) (result[id] - count * parameters.frequencyPenalty() - parameters.presencePenalty());
            }
        }
        if (generated.size() < wishes.minTokens()) {
            for (int id : wishes.endingIds()) {
                if (id < result.length) {
                    result[id] = Float.NEGATIVE_INFINITY;
                }
            }
        }
        return result;
    }

    private static boolean isLastOfABadWord(int id, List<int[]> badWords, List<Integer> generated) {
        List<Integer> then = plus(generated, id);
        return badWords.stream()
                .anyMatch(word -> endsWith(then, Arrays.stream(word).boxed().toList()));
    }

    private static boolean endsWith(List<Integer> list, List<Integer> end) {
        return list.size() >= end.size()
                && list.subList(list.size() - end.size(), list.size()).equals(end);
    }

    private static boolean repeatsAnNgram(int id, int size, List<Integer> all) {
        List<Integer> then = plus(all, id);
        if (size == 0 || then.size() < size) {
            return false;
        }
        List<Integer> made = then.subList(then.size() - size, then.size());
        for (int i = 0; i + size <= all.size(); i++) {
            if (all.subList(i, i + size).equals(made)) {
                return true;
            }
        }
        return false;
    }

    private static List<Integer> plus(List<Integer> list, int last) {
        List<Integer> longer = new ArrayList<>(list);
        longer.add(last);
        return longer;
    }
}
