package io.flinkgpt2.cli.plan;

/**
 * The time that a slot takes for a prompt while its batch is full.
 *
 * <p>Each row that goes through the model costs the same matrix products, and attention in proportion to the positions before
 * it. A prompt of {@code p} tokens with {@code n} new ones is {@code p} rows of prefill, which attend to p(p + 1)/2 positions
 * together, and n - 1 decode rows, which attend to (n - 1)(p + n/2); the first new token comes from the last row of the prompt.
 * The LM head is part of {@code decode}.
 *
 * @param prefill seconds for a token of a prompt, above 0
 * @param decode seconds for a generated token, above 0
 * @param prefillAttention seconds for each token of a prompt and position that it attends to, 0 or more
 * @param decodeAttention seconds for each decode row and position that it attends to, 0 or more
 */
record CostModel(double prefill, double decode, double prefillAttention, double decodeAttention) {

    CostModel {
        requireAbove("seconds for a token of a prompt", prefill, prefill > 0);
        requireAbove("seconds for a generated token", decode, decode > 0);
        requireAbove("attention of a prompt", prefillAttention, prefillAttention >= 0);
        requireAbove("attention of a generated token", decodeAttention, decodeAttention >= 0);
    }

    private static void requireAbove(String what, double found, boolean holds) {
        if (!holds || Double.isInfinite(found)) {
            throw new IllegalArgumentException(what + ": found " + found + ", expected a number above 0");
        }
    }

    /** Returns the seconds of a slot for a prompt's tokens. */
    double prefillSeconds(int promptTokens) {
        return prefill * promptTokens + prefillAttention * prefillPositions(promptTokens);
    }

    /** Returns the seconds of a slot for a whole prompt. */
    double promptSeconds(int promptTokens, int newTokens) {
        return prefillSeconds(promptTokens)
                + decode * newTokens
                + decodeAttention * decodePositions(promptTokens, newTokens);
    }

    /** Returns the positions that all rows of a prompt attend to. */
    static double prefillPositions(int promptTokens) {
        return promptTokens * (promptTokens + 1.0) / 2;
    }

    /** Returns the positions that all decode rows of a prompt attend to. */
    static double decodePositions(int promptTokens, int newTokens) {
        return (newTokens - 1) * (promptTokens + newTokens / 2.0);
    }
}
