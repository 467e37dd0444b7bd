package io.flinkgpt2.cli.plan;

import java.math.BigDecimal;
import java.time.Duration;
import org.apache.flink.util.TimeUtils;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code plan} that say what is to be done, and on what. */
final class WorkloadOptions {

    private static final BigDecimal MOST_PROMPTS = BigDecimal.valueOf(1e15);
    private static final double MOST_SKEW = 10;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(names = "--prompts", required = true, paramLabel = "N", description = "Prompts to complete, such as 1e9.")
    private BigDecimal promptsGiven;

    @Option(names = "--prompt-tokens", required = true, paramLabel = "N", description = "Mean tokens of a prompt.")
    int promptTokens;

    @Option(
            names = "--new-tokens",
            required = true,
            paramLabel = "N",
            description = "Mean tokens to generate for a prompt.")
    int newTokens;

    @Option(
            names = "--within",
            required = true,
            paramLabel = "TIME",
            description = "Time in which all are to be done, such as 24h or 90min.")
    private String withinGiven;

    @Option(
            names = "--length-skew",
            paramLabel = "CV",
            defaultValue = "0",
            description = "Standard deviation of the lengths of prompts and answers, as a part of their mean"
                    + " (default: ${DEFAULT-VALUE}).")
    double lengthSkew;

    @Option(
            names = "--partition-skew",
            paramLabel = "CV",
            defaultValue = "0",
            description = "Standard deviation of the number of prompts in a partition, as a part of its mean: 0 where"
                    + " prompts have no keys (default: ${DEFAULT-VALUE}).")
    double partitionSkew;

    @Option(
            names = "--bytes-per-token",
            paramLabel = "X",
            defaultValue = "4.5",
            description = "Bytes of text for a token (default: ${DEFAULT-VALUE}, of English).")
    double bytesPerToken;

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "1",
            description = "Seed of the simulation of skew (default: ${DEFAULT-VALUE}).")
    long seed;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            defaultValue = "32",
            description = "batch.size of the job: prompts in flight in a slot (default: ${DEFAULT-VALUE}).")
    int batchSize;

    @Option(
            names = "--max-context",
            paramLabel = "C",
            description =
                    "max-context of the job (default: the longest prompt with its answer, in whole blocks of 64).")
    Integer maxContext;

    @Option(
            names = "--slots-per-taskmanager",
            paramLabel = "N",
            defaultValue = "4",
            description = "Slots, and cores, of a TaskManager (default: ${DEFAULT-VALUE}).")
    int slotsPerTaskManager;

    @Option(
            names = "--partitions-per-slot",
            paramLabel = "N",
            defaultValue = "1",
            description = "Partitions of the prompts' topic for each slot (default: ${DEFAULT-VALUE}).")
    int partitionsPerSlot;

    @Option(
            names = "--utilisation",
            paramLabel = "X",
            defaultValue = "0.8",
            description = "Share of the time that slots generate; the rest is for restarts, slower cores and growth"
                    + " (default: ${DEFAULT-VALUE}).")
    double utilisation;

    @Option(
            names = "--replication",
            paramLabel = "N",
            defaultValue = "3",
            description = "Replicas of each Kafka record (default: ${DEFAULT-VALUE}).")
    int replication;

    /** @throws ParameterException if an option is out of range */
    void check() {
        require(
                promptsGiven.compareTo(BigDecimal.ONE) >= 0 && promptsGiven.compareTo(MOST_PROMPTS) <= 0,
                "--prompts",
                promptsGiven,
                "1..1e15");
        within();
        atLeastOne("--prompt-tokens", promptTokens);
        atLeastOne("--new-tokens", newTokens);
        atLeastOne("--batch-size", batchSize);
        atLeastOne("--slots-per-taskmanager", slotsPerTaskManager);
        atLeastOne("--partitions-per-slot", partitionsPerSlot);
        atLeastOne("--replication", replication);
        require(
                bytesPerToken > 0 && bytesPerToken <= 100,
                "--bytes-per-token",
                bytesPerToken,
                "above 0 and at most 100");
        require(utilisation > 0 && utilisation <= 1, "--utilisation", utilisation, "above 0 and at most 1");
        require(lengthSkew >= 0 && lengthSkew <= MOST_SKEW, "--length-skew", lengthSkew, "0..10");
        require(partitionSkew >= 0 && partitionSkew <= MOST_SKEW, "--partition-skew", partitionSkew, "0..10");
    }

    private void atLeastOne(String option, int value) {
        require(value >= 1, option, value, "1 or more");
    }

    void require(boolean holds, String option, Object found, String expected) {
        if (!holds) {
            throw new ParameterException(
                    spec.commandLine(), option + ": found " + found + ", expected " + expected + ".");
        }
    }

    long prompts() {
        return promptsGiven.longValue();
    }

    /** @throws ParameterException if it is not a time */
    Duration within() {
        try {
            Duration within = TimeUtils.parseDuration(withinGiven);
            require(!within.isNegative() && !within.isZero(), "--within", withinGiven, "a time above 0, such as 24h");
            return within;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--within: found '" + withinGiven + "', expected a time such as 24h, 90min or 3600s.",
                    e);
        }
    }
}
