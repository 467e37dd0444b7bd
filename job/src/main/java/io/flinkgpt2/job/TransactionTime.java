package io.flinkgpt2.job;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.HeartbeatManagerOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.TimeUtils;
import org.apache.kafka.clients.producer.ProducerConfig;

/**
 * How long a transaction of the sinks may be open before its commit. Kafka aborts one that is open for longer than its
 * timeout, and its records are lost although its checkpoint is complete; so a job whose settings allow that does not start.
 *
 * <p>A transaction is open from one checkpoint to the next that completes: at most the distance of two triggers for each
 * checkpoint that may fail and one more, and then {@code execution.checkpointing.timeout}. The distance is the interval, or the
 * time of a checkpoint and the pause behind it where that is more. If a TaskManager is lost right then, the commit waits until
 * that is noticed, the job is restarted and the model is loaded.
 *
 * @param interval between checkpoints
 * @param pause the least time between the end of a checkpoint and the next
 * @param givenCheckpointTimeout empty if the job may choose it
 * @param toleratedFailures of checkpoints in succession
 * @param restartDelay the longest of the restart strategy
 * @param heartbeatTimeout after which a lost TaskManager is noticed
 * @param givenTransactionTimeout {@code kafka.transaction.timeout.ms}; empty: the longest that the brokers allow
 * @param maxHold how long a record may hold up a checkpoint
 */
record TransactionTime(
        Duration interval,
        Duration pause,
        Optional<Duration> givenCheckpointTimeout,
        int toleratedFailures,
        Duration restartDelay,
        Duration heartbeatTimeout,
        Optional<Duration> givenTransactionTimeout,
        Duration maxHold) {

    /**
     * Kept free for the start of the tasks and the load of the model: the 6.4 GB of gpt2-xl at 60 MB/s take 107 s. No option:
     * brokers that allow longer transactions give a slower load more time by themselves.
     */
    static final Duration MODEL_LOAD = Duration.ofMinutes(2);

    /** The least that the job chooses; a checkpoint of some megabytes to a slow store takes seconds. */
    static final Duration LEAST_CHECKPOINT_TIMEOUT = Duration.ofMinutes(1);

    private static final String TRANSACTION_TIMEOUT =
            JobOptions.KAFKA_PREFIX + ProducerConfig.TRANSACTION_TIMEOUT_CONFIG;
    private static final String CHECKPOINT_TIMEOUT = CheckpointingOptions.CHECKPOINTING_TIMEOUT.key();

    /** Reads the environment's settings; Flink's defaults stand for those that only the cluster knows. */
    static TransactionTime of(StreamExecutionEnvironment environment, JobSettings settings) {
        ReadableConfig flink = environment.getConfiguration();
        return new TransactionTime(
                CompletionJob.checkpointInterval(flink, settings),
                flink.get(CheckpointingOptions.MIN_PAUSE_BETWEEN_CHECKPOINTS),
                flink.getOptional(CheckpointingOptions.CHECKPOINTING_TIMEOUT),
                flink.getOptional(CheckpointingOptions.TOLERABLE_FAILURE_NUMBER).orElse(0),
                restartDelay(flink),
                flink.get(HeartbeatManagerOptions.HEARTBEAT_TIMEOUT),
                Optional.ofNullable(settings.kafka().clientProperties().get(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG))
                        .map(millis -> Duration.ofMillis(Long.parseLong(millis.strip()))),
                settings.batch().maxHold());
    }

    private static Duration restartDelay(ReadableConfig flink) {
        String strategy =
                flink.getOptional(RestartStrategyOptions.RESTART_STRATEGY).orElse("exponential-delay");
        return switch (strategy.toLowerCase(Locale.ROOT).replace("-", "")) {
            case "none", "off", "disable" -> Duration.ZERO;
            case "fixeddelay" -> flink.get(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY);
            case "failurerate" -> flink.get(RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_DELAY);
            default -> flink.get(RestartStrategyOptions.RESTART_STRATEGY_EXPONENTIAL_DELAY_MAX_BACKOFF);
        };
    }

    /**
     * Returns the checkpoint timeout with which no transaction outlives its own: the given one, else the longest that fits, at
     * most Flink's default.
     *
     * @param brokersMost the longest transaction that the brokers allow
     * @throws InvalidOptionException if there is none; names the options and the values that would do
     */
    Duration checkpointTimeout(Duration brokersMost) {
        Duration limit = givenTransactionTimeout.orElse(brokersMost);
        if (limit.compareTo(brokersMost) > 0) {
            throw new InvalidOptionException(
                    TRANSACTION_TIMEOUT,
                    String.valueOf(limit.toMillis()),
                    "at most " + brokersMost.toMillis() + ", the brokers' transaction.max.timeout.ms");
        }
        Duration least = givenCheckpointTimeout.orElse(LEAST_CHECKPOINT_TIMEOUT);
        if (needed(interval, least).compareTo(limit) > 0) {
            throw refusal(limit, least);
        }
        Duration chosen = givenCheckpointTimeout.orElseGet(() -> longestCheckpoint(limit));
        if (maxHold.compareTo(chosen) >= 0) {
            throw new InvalidOptionException(
                    JobOptions.BATCH_MAX_HOLD.key() + " and " + CHECKPOINT_TIMEOUT,
                    show(maxHold) + " and " + show(chosen),
                    "less for the first, or a checkpoint runs out of time while a record waits for a place");
        }
        return chosen;
    }

    /** Returns the longest time from the opening of a transaction to its commit. */
    Duration needed(Duration checkpointInterval, Duration checkpointTimeout) {
        return max(checkpointInterval, checkpointTimeout.plus(pause))
                .multipliedBy(toleratedFailures + 1L)
                .plus(checkpointTimeout)
                .plus(outage());
    }

    /** From the loss of a TaskManager to the commit of what it had open. */
    private Duration outage() {
        return heartbeatTimeout.plus(restartDelay).plus(MODEL_LOAD);
    }

    private Duration longestCheckpoint(Duration limit) {
        long rounds = toleratedFailures + 1L;
        Duration free = limit.minus(outage());
        Duration besideInterval = free.minus(interval.multipliedBy(rounds));
        Duration besideOthers = free.minus(pause.multipliedBy(rounds)).dividedBy(rounds + 1);
        return min(min(besideInterval, besideOthers), CheckpointingOptions.CHECKPOINTING_TIMEOUT.defaultValue());
    }

    private InvalidOptionException refusal(Duration limit, Duration checkpointTimeout) {
        Duration most = limit.minus(outage()).minus(checkpointTimeout).dividedBy(toleratedFailures + 1L);
        String wayOut = needed(Duration.ZERO, checkpointTimeout).compareTo(limit) <= 0
                ? JobOptions.CHECKPOINT_INTERVAL.key() + " of at most " + show(most) + ", or "
                : "";
        return new InvalidOptionException(
                JobOptions.CHECKPOINT_INTERVAL.key() + " and " + TRANSACTION_TIMEOUT,
                show(interval) + " and " + show(limit)
                        + (givenTransactionTimeout.isPresent() ? "" : " (the brokers' transaction.max.timeout.ms)"),
                wayOut + TRANSACTION_TIMEOUT + " of at least "
                        + needed(interval, checkpointTimeout).toMillis() + ": a transaction may be open for "
                        + (toleratedFailures + 1)
                        + " x the longer of the interval and a checkpoint, the checkpoint that commits it ("
                        + CHECKPOINT_TIMEOUT + (givenCheckpointTimeout.isPresent() ? " " : " at least ")
                        + show(checkpointTimeout) + "), " + HeartbeatManagerOptions.HEARTBEAT_TIMEOUT.key() + " "
                        + show(heartbeatTimeout) + ", the longest restart delay " + show(restartDelay) + " and "
                        + show(MODEL_LOAD) + " to load the model; then Kafka aborts it and its answers are lost");
    }

    private static String show(Duration duration) {
        return TimeUtils.formatWithHighestUnit(duration);
    }

    private static Duration max(Duration one, Duration other) {
        return one.compareTo(other) >= 0 ? one : other;
    }

    private static Duration min(Duration one, Duration other) {
        return one.compareTo(other) <= 0 ? one : other;
    }
}
