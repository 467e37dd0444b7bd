package io.flinkgpt2.cli.plan;

import java.util.List;

/**
 * The cluster, memory and bytes that a workload needs.
 *
 * @param assumptions under which all figures hold, a sentence each
 */
record Plan(
        Workload workload,
        Throughput slot,
        Skew skew,
        Cluster cluster,
        Memory memory,
        Kafka kafka,
        Checkpoint checkpoint,
        List<String> assumptions) {

    /** Returns {@code batch.size} of the job. */
    int batchSize() {
        return workload.batchSize();
    }

    /**
     * The prompts of a workload, and how they are to be completed.
     *
     * @param model its name or path
     * @param maxContext {@code max-context} of the job
     * @param batchSize {@code batch.size} of the job
     * @param withinSeconds time in which all are to be completed
     */
    record Workload(
            long prompts,
            int promptTokens,
            int newTokens,
            String model,
            String precision,
            int maxContext,
            int batchSize,
            double withinSeconds) {}

    /**
     * The throughput of a slot while its batch is full.
     *
     * @param source how the costs were found
     * @param secondsPerPrompt mean over the lengths
     */
    record Throughput(CostModel costs, String source, double secondsPerPrompt, double tokensPerSecond) {}

    /**
     * The cost of skew: times of the slowest slot, over the mean of all.
     *
     * @param slowest as the job runs, each slot on its own partitions
     * @param exchanged if an exchange dealt the prompts out in turn
     * @param largestPartition prompts of the largest partition, over the mean
     */
    record Skew(double slowest, double exchanged, double largestPartition) {}

    /**
     * Processes.
     *
     * @param slots which are cores
     * @param jobs 1, or as many as Flink's largest parallelism makes necessary
     * @param seconds until the slowest slot is done, if nothing fails
     */
    record Cluster(
            long slots, int slotsPerTaskManager, long taskManagers, long partitions, long jobs, double seconds) {}

    /**
     * Memory of a TaskManager, in bytes.
     *
     * @param weights once, shared by the slots
     * @param kvCachePerSlot keys and values of a full batch
     * @param heap {@code taskmanager.memory.task.heap.size}
     * @param process {@code taskmanager.memory.process.size}
     */
    record Memory(long weights, long kvCachePerSlot, long heap, long process) {}

    /**
     * Records in Kafka, in bytes; totals without replicas.
     *
     * @param promptRecord of one prompt
     * @param answerRecord of one answer
     */
    record Kafka(int promptRecord, int answerRecord, double in, double out, double bytesPerSecond, int replication) {

        /** Returns what the brokers keep, replicas included. */
        double stored() {
            return (in + out) * replication;
        }
    }

    /**
     * The state of the job, in bytes.
     *
     * @param perRequest a request in flight
     * @param total of all slots
     */
    record Checkpoint(int perRequest, double total) {}
}
