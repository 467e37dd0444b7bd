package io.flinkgpt2.cli.plan;

import java.util.Comparator;
import java.util.List;

/** The cost model that one or two measurements of a model give. */
final class Calibration {

    /** Contexts that are nearer to each other than this tell nothing about attention. */
    private static final double LEAST_DISTANCE = 32;

    private Calibration() {}

    /**
     * Returns whether measurements tell what attention costs: two of them, of prompts whose lengths are far enough apart.
     */
    static boolean tellsAttention(List<Measurement> measurements) {
        return measurements.size() > 1
                && longest(measurements).meanPositions()
                                - shortest(measurements).meanPositions()
                        >= LEAST_DISTANCE;
    }

    /**
     * Returns the costs that explain the measurements with the shortest and the longest prompts. With one measurement attention
     * is part of the cost of a token.
     *
     * @throws IllegalArgumentException if a measurement has no decode steps, or tells nothing about prompts
     */
    static CostModel of(List<Measurement> measurements) {
        for (Measurement measurement : measurements) {
            if (!measurement.isUsable()) {
                throw new IllegalArgumentException("measurement of prompts of " + measurement.promptTokens() + " and "
                        + measurement.newTokens()
                        + " new tokens: found no time of steps that only decode, expected some;"
                        + " measure with more new tokens, by a 'bench' of this version");
            }
        }
        Measurement one = shortest(measurements);
        Measurement other = longest(measurements);
        boolean tells = tellsAttention(measurements);
        double attention = tells
                ? Math.max(
                        0,
                        (other.secondsPerDecodedToken() - one.secondsPerDecodedToken())
                                / (other.meanPositions() - one.meanPositions()))
                : 0;
        double decode = one.secondsPerDecodedToken() - attention * one.meanPositions();
        if (decode <= 0) {
            attention = 0;
            decode = one.secondsPerDecodedToken();
        }
        double prefillOfOne = prefillSeconds(one, decode, attention);
        double prefill = prefillOfOne / one.promptTokens();
        double prefillAttention = 0;
        if (tells) {
            // Two lines: prefill + prefillAttention * (p + 1) / 2 is the cost of a token of a prompt of p.
            double ofOther = prefillSeconds(other, decode, attention) / other.promptTokens();
            double slope = 2 * (ofOther - prefill) / (other.promptTokens() - one.promptTokens());
            if (slope > 0 && prefill - slope * (one.promptTokens() + 1) / 2 > 0) {
                prefillAttention = slope;
                prefill -= slope * (one.promptTokens() + 1) / 2;
            } else {
                // The longer prompts have more of what is looked for, and so less noise.
                prefill = ofOther;
            }
        }
        if (prefill <= 0) {
            throw new IllegalArgumentException("measurement of prompts of " + one.promptTokens() + " and "
                    + one.newTokens() + " new tokens: found that prompts take no time, expected some; measure again"
                    + " while the machine does nothing else, or with longer prompts");
        }
        return new CostModel(prefill, decode, prefillAttention, attention);
    }

    private static double prefillSeconds(Measurement measurement, double decode, double attention) {
        return measurement.secondsPerPrompt()
                - decode * measurement.newTokens()
                - attention * CostModel.decodePositions(measurement.promptTokens(), measurement.newTokens());
    }

    private static Measurement shortest(List<Measurement> measurements) {
        return measurements.stream()
                .min(Comparator.comparingInt(Measurement::promptTokens))
                .orElseThrow();
    }

    private static Measurement longest(List<Measurement> measurements) {
        return measurements.stream()
                .max(Comparator.comparingInt(Measurement::promptTokens))
                .orElseThrow();
    }
}
