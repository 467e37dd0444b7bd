package io.flinkgpt2.cli.plan;

import java.util.Arrays;

/** When each partition of a topic is done, by the simulation that {@code plan} uses. */
public final class PartitionTimes {

    private PartitionTimes() {}

    /**
     * Returns the seconds until the last prompt of each partition has its answer. Each partition has a slot of its own, all
     * prompts have the same lengths, and slots share the cores evenly.
     *
     * @param prompts number of prompts in each partition, 0 or more
     * @param promptTokens of each prompt
     * @param newTokens of each prompt
     * @param batchSize prompts in flight in a slot
     * @param cores that the slots share, 1 or more
     * @param prefillRate tokens of prompts that a core takes in a second
     * @param decodeRate tokens that a core generates in a second
     */
    public static double[] simulated(
            int[] prompts,
            int promptTokens,
            int newTokens,
            int batchSize,
            int cores,
            double prefillRate,
            double decodeRate) {
        SlotSimulation slot = new SlotSimulation(new CostModel(1 / prefillRate, 1 / decodeRate, 0, 0), batchSize);
        double[] alone = Arrays.stream(prompts)
                .mapToDouble(count -> slot.seconds(Lengths.alike(count, promptTokens, newTokens)))
                .toArray();
        return SkewSimulation.shared(alone, cores);
    }
}
