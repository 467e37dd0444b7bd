package io.flinkgpt2.sampling;

import java.util.List;
import java.util.Objects;

/**
 * The parameters of a request that change logits before a token is drawn. They apply in the order of the components, with the
 * request's constraint before the penalties.
 *
 * @param biasIds ids of the tokens whose logits {@code biases} are added to, without duplicates
 * @param biases one for each of {@code biasIds}, -100..100
 * @param allowedTokenIds the only tokens that may be chosen; empty: all
 * @param badWords texts that must not be generated, with a space before them or without, none empty
 * @param noRepeatNgramSize length of the sequences of tokens that may stand but once in prompt and completion; 0: off
 * @param repetitionPenalty what the logits of tokens in prompt and completion are divided by if positive, else multiplied by
 *     (Keskar et al., CTRL, 2019); above 0, 1: off
 * @param frequencyPenalty subtracted for each time that a token was generated, -2..2
 * @param presencePenalty subtracted if a token was generated, -2..2
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
public record LogitsParameters(
        int[] biasIds,
        float[] biases,
        int[] allowedTokenIds,
        List<String> badWords,
        int noRepeatNgramSize,
        double repetitionPenalty,
        double frequencyPenalty,
        double presencePenalty) {

    /** Parameters that change nothing. */
    public static final LogitsParameters NONE =
            new LogitsParameters(new int[0], new float[0], new int[0], List.of(), 0, 1, 0, 0);

    private static final float LARGEST_BIAS = 100;
    private static final double LARGEST_PENALTY = 2;

    /** @throws IllegalArgumentException if a parameter is out of its range; names it as the records do */
    public LogitsParameters {
        Objects.requireNonNull(allowedTokenIds, "allowedTokenIds");
        badWords = List.copyOf(badWords);
        if (biasIds.length != biases.length) {
            throw new IllegalArgumentException(
                    "logit_bias: found " + biasIds.length + " ids and " + biases.length + " biases, expected as many");
        }
        for (float bias : biases) {
            if (!(bias >= -LARGEST_BIAS && bias <= LARGEST_BIAS)) {
                throw new IllegalArgumentException("logit_bias: found " + bias + ", expected -100..100");
            }
        }
        for (String word : badWords) {
            if (word.isEmpty()) {
                throw new IllegalArgumentException("bad_words: found an empty string, expected words");
            }
        }
        if (noRepeatNgramSize < 0) {
            throw new IllegalArgumentException(
                    "no_repeat_ngram_size: found " + noRepeatNgramSize + ", expected 0 (off) or more");
        }
        if (!(repetitionPenalty > 0 && repetitionPenalty < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("repetition_penalty: found " + repetitionPenalty + ", expected above 0");
        }
        requirePenalty("frequency_penalty", frequencyPenalty);
        requirePenalty("presence_penalty", presencePenalty);
    }

    private static void requirePenalty(String name, double value) {
        if (!(value >= -LARGEST_PENALTY && value <= LARGEST_PENALTY)) {
            throw new IllegalArgumentException(name + ": found " + value + ", expected -2..2");
        }
    }
}
