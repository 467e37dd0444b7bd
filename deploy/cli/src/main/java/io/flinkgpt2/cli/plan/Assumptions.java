package io.flinkgpt2.cli.plan;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The sentences about what the figures of a plan rest on. */
final class Assumptions {

    private final WorkloadOptions options;
    private final PlannedModel model;
    private final CostOptions.Found found;
    private final Plan.Cluster cluster;

    Assumptions(WorkloadOptions options, PlannedModel model, CostOptions.Found found, Plan.Cluster cluster) {
        this.options = options;
        this.model = model;
        this.found = found;
        this.cluster = cluster;
    }

    List<String> sentences() {
        List<String> sentences = new ArrayList<>();
        sentences.add("Costs of a token: " + found.source() + ".");
        sentences.add("Every core of the cluster is as fast as the one that was measured, and has a slot to itself.");
        if (!found.tellsAttention()) {
            sentences.add(
                    "Attention is part of the cost of a token, so the figures hold for contexts as long as those that"
                            + " were measured; of longer ones give two results of bench, or --attention-nanoseconds.");
        }
        sentences.add(String.format(
                Locale.ROOT,
                "Slots generate %.0f %% of the time (--utilisation); the rest is for checkpoints, restarts and slower cores.",
                100 * options.utilisation));
        sentences.add(String.format(
                Locale.ROOT,
                "The batch is full (batch.size %d): prompts wait in the topic all the time.",
                options.batchSize));
        if (options.prompts() / cluster.slots() < 4L * options.batchSize) {
            sentences.add(
                    "A slot gets fewer prompts than four batches, so it is not full most of the time: the plan is too"
                            + " optimistic. Allow more time.");
        }
        sentences.add(skew());
        sentences.add(
                "Every answer has all its new tokens; prompts share no beginnings that the prefix cache would save.");
        sentences.add(
                "Weights stand once in a TaskManager; each slot has room for the keys and values of a full batch of"
                        + " max-context, and as much again for scratch, records and Flink; beam searches would need more. Managed"
                        + " memory is 0.");
        sentences.add(String.format(
                Locale.ROOT,
                "Records: JSON, %.1f bytes of text for a token, custom_id of 36 characters, no key, no headers, no"
                        + " compression.",
                options.bytesPerToken));
        sentences.add(
                "A checkpoint holds the requests in flight, at most twice batch.size in each slot, with half of their"
                        + " tokens; positions in Kafka and transactions come to some hundred bytes a slot.");
        if (cluster.jobs() > 1) {
            sentences.add("Flink's largest parallelism is " + Planner.MOST_SLOTS + ": split the prompts over "
                    + cluster.jobs() + " jobs with names, topics and clusters of their own.");
        }
        if (model.path().isEmpty()) {
            sentences.add("Random weights of " + model.name() + "'s size take as long as the published ones.");
        }
        return sentences;
    }

    private String skew() {
        if (options.lengthSkew == 0 && options.partitionSkew == 0) {
            return "All partitions are of one size, and all prompts and answers of one length (--partition-skew and"
                    + " --length-skew are 0).";
        }
        return String.format(
                Locale.ROOT,
                "Sizes of partitions and lengths are log-normal with a standard deviation of %.2f and %.2f of their mean, from"
                        + " seed %d; the simulation is of at most 4096 slots with 256 prompts each, so of fewer prompts than"
                        + " there are, and overstates what their lengths cost.",
                options.partitionSkew,
                options.lengthSkew,
                options.seed);
    }
}
