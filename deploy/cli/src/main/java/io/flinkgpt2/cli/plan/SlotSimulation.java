package io.flinkgpt2.cli.plan;

import java.util.Arrays;

/**
 * A discrete-event simulation of one slot: a batch of so many places, which prompts enter as soon as one is free. An event is
 * the end of one or more prompts. Between two events every sequence in the batch gains a token at each step.
 */
final class SlotSimulation {

    /**
     * A step of fewer rows costs as much as one of so many: it reads all weights, whatever it multiplies them with. From
     * docs/performance.md: one stream makes 61 tokens a second and 32 make 282, so a step of one takes as long as four or five
     * rows of a full batch do.
     */
    static final int LEAST_ROWS = 4;

    private final CostModel costs;
    private final int places;
    private final int[] left;
    private final long[] positions;

    /** @param places of the batch, 1 or more */
    SlotSimulation(CostModel costs, int places) {
        this.costs = costs;
        this.places = places;
        this.left = new int[places];
        this.positions = new long[places];
    }

    /** Returns the seconds from the first prompt's start to the last one's end. */
    double seconds(Lengths prompts) {
        double now = 0;
        int next = 0;
        int running = 0;
        while (next < prompts.count() || running > 0) {
            while (running < places && next < prompts.count()) {
                now += costs.prefillSeconds(prompts.promptTokens()[next]);
                // Its first token comes with the prompt.
                now += costs.decode();
                left[running] = prompts.newTokens()[next] - 1;
                positions[running] = prompts.promptTokens()[next] + 1L;
                running += left[running] > 0 ? 1 : 0;
                next++;
            }
            if (running > 0) {
                int steps = Arrays.stream(left, 0, running).min().orElseThrow();
                now += decodeSeconds(running, steps);
                running = retire(running, steps);
            }
        }
        return now;
    }

    private double decodeSeconds(int running, int steps) {
        double sum = 0;
        for (int i = 0; i < running; i++) {
            sum += steps * (positions[i] + (steps - 1) / 2.0);
        }
        return steps * Math.max(running, Math.min(LEAST_ROWS, places)) * costs.decode() + sum * costs.decodeAttention();
    }

    /** Lets every sequence gain so many tokens, and returns the number of those that are not at their end. */
    private int retire(int running, int steps) {
        int kept = 0;
        for (int i = 0; i < running; i++) {
            if (left[i] > steps) {
                left[kept] = left[i] - steps;
                positions[kept] = positions[i] + steps;
                kept++;
            }
        }
        return kept;
    }
}
