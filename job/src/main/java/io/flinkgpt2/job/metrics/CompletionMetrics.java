package io.flinkgpt2.job.metrics;

import io.flinkgpt2.generation.BatchMetrics;
import io.flinkgpt2.generation.FinishReason;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.RecordError;
import io.flinkgpt2.job.record.RequestMetrics;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MeterView;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;

/**
 * The metrics of one slot's generation, under the operator's metric group; {@code docs/metrics.md} says what each means. For
 * the task's thread; Flink's reporters read on theirs, and may see a step's numbers a little late.
 */
public final class CompletionMetrics {

    public static final String REQUESTS = "requests";
    public static final String COMPLETIONS = "completions";
    /** Key of the group that tells the {@link #COMPLETIONS} apart. */
    public static final String FINISH_REASON = "finish_reason";

    public static final String ERRORS = "errors";
    public static final String DEAD_LETTERS = "deadLetters";
    /** Key of the group that tells the {@link #DEAD_LETTERS} apart by the code of their error. */
    public static final String REASON = "reason";

    public static final String PROMPT_TOKENS = "promptTokens";
    public static final String PROMPT_TOKENS_PER_SECOND = "promptTokensPerSecond";
    public static final String GENERATED_TOKENS = "generatedTokens";
    public static final String GENERATED_TOKENS_PER_SECOND = "generatedTokensPerSecond";
    public static final String QUEUE_WAIT = "queueWaitMs";
    public static final String TIME_TO_FIRST_TOKEN = "timeToFirstTokenMs";
    public static final String INTER_TOKEN_LATENCY = "interTokenLatencyUs";
    public static final String END_TO_END_LATENCY = "endToEndLatencyMs";
    public static final String MODEL_LOAD_TIME = "modelLoadTimeMs";
    public static final String STEPS = "steps";
    public static final String SEQUENCE_STEPS = "sequenceSteps";
    public static final String BATCH_CAPACITY = "batchCapacity";
    public static final String BATCH_SIZE = "batchSize";
    public static final String ROWS_PER_STEP = "rowsPerStep";
    public static final String STEP_TIME = "stepTimeUs";
    public static final String SEQUENCES_IN_FLIGHT = "sequencesInFlight";
    public static final String WAITING_REQUESTS = "waitingRequests";
    public static final String RESTORED_REQUESTS = "restoredRequests";
    public static final String RESTORED_SEQUENCES = "restoredSequences";
    public static final String RESTARTED_REQUESTS = "restartedRequests";
    public static final String HELD_BACK_ANSWERS = "heldBackAnswers";
    public static final String CHECKPOINTED_REQUESTS = "checkpointedRequests";
    public static final String FAILED_PASSES = "failedPasses";
    public static final String KV_BYTES_USED = "kvBytesUsed";
    public static final String KV_BYTES_FREE = "kvBytesFree";
    public static final String PREFIX_CACHE_HITS = "prefixCacheHits";
    public static final String PREFIX_CACHE_HIT_TOKENS = "prefixCacheHitTokens";

    /** Histograms are over so many last values. */
    private static final int WINDOW = 1024;

    private final Counter requests;
    private final Map<String, Counter> completions = new HashMap<>();
    private final Counter errors;
    private final Counter promptTokens;
    private final Counter generatedTokens;
    private final Counter prefixCacheHits;
    private final Counter prefixCacheHitTokens;
    private final Histogram queueWait;
    private final Histogram timeToFirstToken;
    private final Histogram interTokenLatency;
    private final Histogram endToEndLatency;

    /** @param modelLoadMillis how long the model took to load, when it was loaded for this TaskManager */
    public CompletionMetrics(MetricGroup group, long modelLoadMillis) {
        requests = group.counter(REQUESTS);
        for (FinishReason reason : FinishReason.values()) {
            String name = reason.name().toLowerCase(Locale.ROOT);
            completions.put(name, group.addGroup(FINISH_REASON, name).counter(COMPLETIONS));
        }
        errors = group.counter(ERRORS);
        promptTokens = group.counter(PROMPT_TOKENS);
        group.meter(PROMPT_TOKENS_PER_SECOND, new MeterView(promptTokens));
        generatedTokens = group.counter(GENERATED_TOKENS);
        group.meter(GENERATED_TOKENS_PER_SECOND, new MeterView(generatedTokens));
        prefixCacheHits = group.counter(PREFIX_CACHE_HITS);
        prefixCacheHitTokens = group.counter(PREFIX_CACHE_HIT_TOKENS);
        queueWait = histogram(group, QUEUE_WAIT);
        timeToFirstToken = histogram(group, TIME_TO_FIRST_TOKEN);
        interTokenLatency = histogram(group, INTER_TOKEN_LATENCY);
        endToEndLatency = histogram(group, END_TO_END_LATENCY);
        group.gauge(MODEL_LOAD_TIME, () -> modelLoadMillis);
    }

    private static Histogram histogram(MetricGroup group, String name) {
        return group.histogram(name, new DescriptiveStatisticsHistogram(WINDOW));
    }

    /** A request came; not again when it comes back from state. */
    public void requested() {
        requests.inc();
    }

    /**
     * A request was answered, with a completion or an error.
     *
     * @param receivedAt when the job read it, in milliseconds since the epoch
     */
    public void answered(CompletionRecord answer, long receivedAt) {
        endToEndLatency.update(Math.max(0, System.currentTimeMillis() - receivedAt));
        if (answer.error != null) {
            errors.inc();
            return;
        }
        completions.get(answer.choices.get(0).finishReason).inc();
        promptTokens.inc(answer.promptTokens);
        generatedTokens.inc(answer.completionTokens);
        RequestMetrics metrics = answer.metrics;
        queueWait.update(metrics.queueTimeMs);
        if (metrics.cachedTokens > 0) {
            prefixCacheHits.inc();
            prefixCacheHitTokens.inc(metrics.cachedTokens);
        }
        if (answer.completionTokens > 0) {
            timeToFirstToken.update(metrics.timeToFirstTokenMs);
        }
        if (answer.completionTokens > 1) {
            long micros = 1000 * (metrics.generationTimeMs - metrics.timeToFirstTokenMs);
            interTokenLatency.update(micros / (answer.completionTokens - 1));
        }
    }

    /** Counters of records that are not a valid request: one of all, and one for each reason. */
    public static final class DeadLetters {

        private final MetricGroup group;
        private final Counter all;
        private final Map<String, Counter> byReason = new HashMap<>();

        /** Registers all counters, so that each is there with 0 before its first record. */
        public DeadLetters(MetricGroup group) {
            this.group = group;
            all = group.counter(DEAD_LETTERS);
            InvalidRequestException.CODES.forEach(this::ofReason);
        }

        private Counter ofReason(String code) {
            return byReason.computeIfAbsent(
                    code, reason -> group.addGroup(REASON, reason).counter(DEAD_LETTERS));
        }

        /** Counts one. A code beside those of {@link InvalidRequestException} is counted from its first record on. */
        public void refused(RecordError error) {
            all.inc();
            ofReason(error.code).inc();
        }
    }

    /** Metrics of a batch beyond its answers. */
    public static final class Batch {

        private final Counter restoredRequests;
        private final Counter restoredSequences;
        private final Counter restartedRequests;
        private final Counter steps;
        private final Counter sequenceSteps;
        private final Histogram batchSize;
        private final Histogram rowsPerStep;
        private final Histogram stepTime;
        private volatile int inFlight;
        private volatile int waiting;
        private volatile int heldBack;
        private volatile int checkpointed;
        private volatile long failedPasses;
        private volatile long kvBytesUsed;
        private volatile long kvBytesFree;

        /** @param capacity the most sequences in a step: {@code batch.size} */
        public Batch(MetricGroup group, int capacity) {
            restoredRequests = group.counter(RESTORED_REQUESTS);
            restoredSequences = group.counter(RESTORED_SEQUENCES);
            restartedRequests = group.counter(RESTARTED_REQUESTS);
            steps = group.counter(STEPS);
            sequenceSteps = group.counter(SEQUENCE_STEPS);
            batchSize = histogram(group, BATCH_SIZE);
            rowsPerStep = histogram(group, ROWS_PER_STEP);
            stepTime = histogram(group, STEP_TIME);
            group.gauge(BATCH_CAPACITY, () -> capacity);
            group.gauge(SEQUENCES_IN_FLIGHT, () -> inFlight);
            group.gauge(WAITING_REQUESTS, () -> waiting);
            group.gauge(HELD_BACK_ANSWERS, () -> heldBack);
            group.gauge(CHECKPOINTED_REQUESTS, () -> checkpointed);
            group.gauge(FAILED_PASSES, () -> failedPasses);
            group.gauge(KV_BYTES_USED, () -> kvBytesUsed);
            group.gauge(KV_BYTES_FREE, () -> kvBytesFree);
        }

        /** @param generatedTokens how many tokens it had when it was interrupted */
        public void restored(int generatedTokens) {
            restoredRequests.inc();
            if (generatedTokens > 0) {
                restoredSequences.inc();
            }
        }

        /** @param requests how many of the restored ones start again, for model, numeric mode or settings differ */
        public void restarted(int requests) {
            restartedRequests.inc(requests);
        }

        /** @param requests how many the checkpoint or savepoint holds */
        public void checkpointed(int requests) {
            checkpointed = requests;
        }

        /** The batch is given up: a reporter that keeps what an ended task told must not show its requests as still there. */
        public void closed() {
            inFlight = 0;
            waiting = 0;
            heldBack = 0;
            kvBytesUsed = 0;
            kvBytesFree = 0;
        }

        /**
         * A step was made.
         *
         * @param sequences how many were in it
         * @param partGenerated how many have generated tokens and not ended
         * @param heldBackAnswers how many are there and may not be emitted yet
         */
        public void stepped(
                BatchMetrics metrics,
                int sequences,
                int partGenerated,
                int waitingRequests,
                int heldBackAnswers,
                long nanos) {
            steps.inc();
            sequenceSteps.inc(sequences);
            batchSize.update(sequences);
            rowsPerStep.update(metrics.lastStepRows());
            stepTime.update(nanos / 1000);
            waiting = waitingRequests;
            heldBack = heldBackAnswers;
            failedPasses = metrics.failedPasses();
            kvBytesUsed = metrics.kvBytesUsed();
            kvBytesFree = metrics.kvBytesTotal() - kvBytesUsed;
            inFlight = partGenerated;
        }
    }
}
