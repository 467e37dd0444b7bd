package io.flinkgpt2.cli.plan;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * The lengths of some prompts, in the order in which they are read.
 *
 * @param promptTokens of each, 1 or more
 * @param newTokens of each, 1 or more
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box a million numbers
record Lengths(int[] promptTokens, int[] newTokens) {

    /** Returns so many prompts of the same lengths. */
    static Lengths alike(int count, int promptTokens, int newTokens) {
        int[] prompts = new int[count];
        int[] answers = new int[count];
        Arrays.fill(prompts, promptTokens);
        Arrays.fill(answers, newTokens);
        return new Lengths(prompts, answers);
    }

    int count() {
        return promptTokens.length;
    }

    /** Returns the prompts {@code first}, {@code first + step}, {@code first + 2 step} and so on. */
    Lengths every(int step, int first) {
        int[] taken = IntStream.iterate(first, i -> i < count(), i -> i + step).toArray();
        return new Lengths(
                Arrays.stream(taken).map(i -> promptTokens[i]).toArray(),
                Arrays.stream(taken).map(i -> newTokens[i]).toArray());
    }

    /** Returns the prompts from {@code from} to before {@code to}. */
    Lengths range(int from, int to) {
        return new Lengths(Arrays.copyOfRange(promptTokens, from, to), Arrays.copyOfRange(newTokens, from, to));
    }

    /** Returns these prompts and others after them. */
    Lengths and(Lengths others) {
        return new Lengths(
                IntStream.concat(Arrays.stream(promptTokens), Arrays.stream(others.promptTokens))
                        .toArray(),
                IntStream.concat(Arrays.stream(newTokens), Arrays.stream(others.newTokens))
                        .toArray());
    }

    /** Returns the mean time of a slot for a prompt, in seconds. */
    double meanSeconds(CostModel costs) {
        double sum = 0;
        for (int i = 0; i < count(); i++) {
            sum += costs.promptSeconds(promptTokens[i], newTokens[i]);
        }
        return sum / count();
    }
}
