package io.flinkgpt2.cli.plan;

import java.util.Arrays;

/**
 * A simulation of all slots of a job over skewed partitions: once as the job runs, where each slot reads its own partitions and
 * generates what it reads, and once with an exchange between reading and generating, which deals the prompts out in turn.
 *
 * @param slots number of slots
 * @param partitions number of partitions; slot {@code s} reads {@code s}, {@code s + slots} and so on
 * @param promptsPerSlot mean number of prompts of a slot
 * @param places of the batch of a slot
 * @param partitionSkew standard deviation of the partitions' sizes, as a part of their mean
 */
record SkewSimulation(int slots, int partitions, int promptsPerSlot, int places, double partitionSkew) {

    /**
     * The outcome, in seconds of a slot that has a core of its own.
     *
     * @param slotSeconds when each slot is done
     * @param exchangedSeconds when each slot would be done with an exchange
     * @param meanPromptSeconds mean cost of a prompt
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared or hashed
    record Outcome(double[] slotSeconds, double[] exchangedSeconds, double meanPromptSeconds) {

        /** Returns how many times the mean the slowest slot takes. */
        double slowestOverMean() {
            return max(slotSeconds) / mean(slotSeconds);
        }

        /** Returns the same with an exchange, over the same mean. */
        double exchangedOverMean() {
            return max(exchangedSeconds) / mean(slotSeconds);
        }

        private static double max(double[] values) {
            return Arrays.stream(values).max().orElseThrow();
        }

        private static double mean(double[] values) {
            return Arrays.stream(values).average().orElseThrow();
        }
    }

    SkewSimulation {
        if (slots < 1 || partitions < slots || promptsPerSlot < 1 || places < 1) {
            throw new IllegalArgumentException("slots, partitions, prompts of a slot and places: found " + slots + ", "
                    + partitions + ", " + promptsPerSlot + " and " + places
                    + ", expected 1 or more, and at least as many partitions as slots");
        }
    }

    Outcome run(SkewedWorkload workload, CostModel costs) {
        int[] sizes = workload.partitionSizes(partitions, (long) slots * promptsPerSlot, partitionSkew);
        Lengths all = workload.lengths(Math.toIntExact((long) slots * promptsPerSlot));
        int[] starts = new int[partitions + 1];
        for (int i = 0; i < partitions; i++) {
            starts[i + 1] = starts[i] + sizes[i];
        }
        SlotSimulation slot = new SlotSimulation(costs, places);
        double[] seconds = new double[slots];
        double[] exchanged = new double[slots];
        for (int s = 0; s < slots; s++) {
            Lengths own = all.range(starts[s], starts[s + 1]);
            for (int partition = s + slots; partition < partitions; partition += slots) {
                own = own.and(all.range(starts[partition], starts[partition + 1]));
            }
            seconds[s] = slot.seconds(own);
            exchanged[s] = slot.seconds(all.every(slots, s));
        }
        return new Outcome(seconds, exchanged, all.meanSeconds(costs));
    }

    /**
     * Returns when each slot is done where there are fewer cores than slots, which share them evenly: a slot that is done leaves
     * its part to the others.
     *
     * @param slotSeconds of slots that have a core each
     * @param cores 1 or more
     */
    static double[] shared(double[] slotSeconds, int cores) {
        Integer[] order = new Integer[slotSeconds.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (a, b) -> Double.compare(slotSeconds[a], slotSeconds[b]));
        double[] ends = new double[slotSeconds.length];
        double now = 0;
        double done = 0;
        int active = slotSeconds.length;
        for (int i : order) {
            double speed = Math.min(1, (double) cores / active);
            now += (slotSeconds[i] - done) / speed;
            done = slotSeconds[i];
            ends[i] = now;
            active--;
        }
        return ends;
    }
}
