package io.flinkgpt2.job.operator;

import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.generation.RequestTooLargeException;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ParseRequest;
import io.flinkgpt2.job.function.PinnedModel;
import io.flinkgpt2.job.function.SharedModel;
import io.flinkgpt2.job.metrics.CompletionMetrics;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.CompletionRecords;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RequestLog;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.MailboxExecutor.MailOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.checkpoint.CheckpointOptions;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.runtime.state.CheckpointStreamFactory;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.OperatorSnapshotFutures;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Completes many prompts together; sequences join and leave at every step. It runs in the task's own thread.
 *
 * <ul>
 *   <li>Each request has exactly one answer, with the same bits as one that is completed alone, whatever is batched with it,
 *       and wherever it is interrupted and restored.
 *   <li>The answers come in no order; or, behind a {@code keyBy} of {@link RequestKey}, those of one key in the order of its
 *       requests, whatever fails and however the job is rescaled: {@link AnswersByKey}.
 *   <li>A request that fails has an answer with an {@code error}; the others go on.
 *   <li>A checkpoint holds the requests in flight and their tokens so far; it waits for no generation to end. Neither does
 *       stop-with-savepoint, and after its snapshot no step is made. With another parallelism the requests are dealt out
 *       anew; those that find no place wait, and are state as the others are.
 *   <li>At the end of the input all that is in flight is completed.
 *   <li>A record that finds the batch full makes steps until a place is free, but keeps checkpoints waiting no longer than
 *       {@link BatchSettings#maxHold}; then it joins those that wait: {@link BackPressure}.
 *   <li>A restored request that was begun under another {@linkplain GenerationSettings#identity identity}, by another model
 *       or in another precision, starts again from the record as it was received. What the model refuses goes to the
 *       {@link ParseRequest#DEAD_LETTERS}. Answers that are held back stay those of the model that made them.
 *   <li>An error of the JVM itself, such as a lack of memory, fails the task, and Flink restarts it.
 * </ul>
 */
public final class ContinuousBatchingOperator extends AbstractStreamOperator<CompletionRecord>
        implements OneInputStreamOperator<PromptRequest, CompletionRecord> {
    /*
     * Design: a step is a mail to the task that sends itself again while there is work. It is deferrable, because Flink works
     * off all other mails of an operator before the savepoint of a stop. Between two mails the source emits at most one record,
     * so a mail makes no step while records arrive and the batch has room: the batch fills first.
     */
    private static final long serialVersionUID = 1L;

    private static final Logger LOG = LoggerFactory.getLogger(ContinuousBatchingOperator.class);

    private final transient MailboxExecutor mailbox;
    private GenerationSettings generation;
    private final BatchSettings settings;

    private final transient AnswerOrder order;

    private transient SharedModel model;
    private transient String identity;
    private transient BackPressure backPressure;
    private transient CompletionRecords records;
    private transient ContinuousBatch batch;
    private transient Map<RequestGroup, RequestInFlight> pending;

    private transient CompletionMetrics.DeadLetters deadLetters;
    private transient CompletionMetrics completionMetrics;
    private transient CompletionMetrics.Batch batchMetrics;

    private transient boolean mailIsOut;
    private transient boolean arrivedSinceMail;
    /** Set once stop-with-savepoint has taken its snapshot; no further step may run. */
    private transient boolean stopped;

    ContinuousBatchingOperator(
            StreamOperatorParameters<CompletionRecord> parameters,
            GenerationSettings generation,
            BatchSettings settings,
            Ordering ordering) {
        super(parameters);
        this.mailbox = parameters.getMailboxExecutor();
        this.generation = generation;
        this.settings = settings;
        this.order = AnswerOrder.of(ordering, this, this::emit);
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        generation = generation.withModel(PinnedModel.keep(generation.model(), context.getOperatorStateStore()));
        order.initialize(context);
    }

    @Override
    public void open() throws Exception {
        super.open();
        model = SharedModel.acquire(generation.model(), getRuntimeContext());
        Pretrained pretrained = model.pretrained();
        long heapBytes = Runtime.getRuntime().maxMemory();
        int slots = getRuntimeContext()
                .getTaskManagerRuntimeInfo()
                .getConfiguration()
                .get(TaskManagerOptions.NUM_TASK_SLOTS);
        identity = generation.identity(pretrained);
        batch = new ContinuousBatch(
                pretrained.model(),
                pretrained.tokenizer(),
                KvCacheBudget.batchOptions(pretrained, generation, settings, heapBytes, slots),
                new Workers(1),
                pretrained.constraints());
        backPressure =
                new BackPressure(settings, batch, order, BackPressure.mostValueBytes(pretrained, heapBytes, slots));
        pending = new HashMap<>();
        records = generation.records(pretrained);
        completionMetrics = new CompletionMetrics(getMetricGroup(), model.loadMillis());
        batchMetrics = new CompletionMetrics.Batch(getMetricGroup(), settings.batchSize());
        deadLetters = new CompletionMetrics.DeadLetters(getMetricGroup());
        resumeRestored(generation.parser(pretrained));
    }

    /** Submits restored requests; those that had begun come first, also if they come from several subtasks now. */
    private void resumeRestored(RequestParser parser) throws Exception {
        List<RequestInFlight> restored = order.restore();
        restored.sort(Comparator.comparing(request -> !request.hadBegun()));
        RestoredRequests requests = new RestoredRequests(generation.jobName(), identity, parser);
        for (RequestInFlight request : restored) {
            batchMetrics.restored(request.restoredTokens());
            DeadLetter letter = requests.adopt(request);
            if (letter != null) {
                refuse(request, letter);
            } else if (!request.isAnswered()) {
                submit(request);
            }
        }
        batchMetrics.restarted(requests.restarted());
        if (!restored.isEmpty()) {
            requests.log();
            sendMail();
        }
    }

    private void refuse(RequestInFlight request, DeadLetter letter) {
        deadLetters.refused(letter.error);
        output.collect(ParseRequest.DEAD_LETTERS, new StreamRecord<>(letter, letter.source.timestamp));
        order.refused(request);
    }

    @Override
    public void processElement(StreamRecord<PromptRequest> element) {
        completionMetrics.requested();
        RequestInFlight request = new RequestInFlight(element.getValue(), identity);
        backPressure.hold(this::step);
        order.arrived(request);
        submit(request);
        emitEnded();
        arrivedSinceMail = true;
        sendMail();
    }

    private void submit(RequestInFlight request) {
        backPressure.joined(request);
        try {
            pending.put(request.submitTo(batch), request);
        } catch (RequestTooLargeException e) {
            backPressure.left(request);
            InvalidRequestException tooLarge =
                    new InvalidRequestException(InvalidRequestException.TOO_LARGE, "n", e.getMessage(), e);
            refuse(
                    request,
                    new DeadLetter(
                            request.request.record,
                            tooLarge.error(),
                            generation.jobName(),
                            System.currentTimeMillis()));
        } catch (RuntimeException e) {
            fail(request, e);
        }
    }

    private void sendMail() {
        if (!mailIsOut) {
            mailIsOut = true;
            mailbox.execute(MailOptions.deferrable(), this::takeMail, "a step of the batch");
        }
    }

    private void takeMail() {
        mailIsOut = false;
        if (stopped) {
            return;
        }
        if (arrivedSinceMail && !backPressure.isFull()) {
            arrivedSinceMail = false;
            sendMail();
            return;
        }
        arrivedSinceMail = false;
        step();
        if (!batch.isIdle()) {
            sendMail();
        }
    }

    /** @throws CancelTaskException if the task is being cancelled, which it would not notice as long as steps follow steps */
    private void step() {
        if (getContainingTask().isCanceled() || Thread.currentThread().isInterrupted()) {
            throw new CancelTaskException("the task was cancelled with requests in flight");
        }
        long start = System.nanoTime();
        long unexplained = batch.metrics().unexplainedFailures();
        boolean stepped = batch.step();
        int ended = emitEnded();
        if (stepped) {
            batchMetrics.stepped(
                    batch.metrics(),
                    batch.runningCount() + ended,
                    batch.partGeneratedCount(),
                    batch.waitingCount(),
                    order.heldBackCount(),
                    System.nanoTime() - start);
        }
        long now = batch.metrics().unexplainedFailures();
        // Told ever more rarely, for it may happen in every step.
        if (now > unexplained && Long.bitCount(now) == 1) {
            LOG.warn(
                    "Batched forward pass failed, but each sequence succeeded when retried alone (occurrence {}). Results are"
                            + " correct. Please report this.",
                    now,
                    batch.metrics().unexplainedFailure());
        }
    }

    /** @return how many */
    private int emitEnded() {
        int count = 0;
        RequestGroup ended;
        while ((ended = batch.poll()) != null) {
            RequestInFlight request = pending.remove(ended);
            if (ended.failure() == null) {
                answer(request, records.completed(request.request, ended.completions(), request.start(), false));
            } else {
                fail(request, ended.failure());
            }
            count++;
        }
        return count;
    }

    private void fail(RequestInFlight request, RuntimeException cause) {
        RequestLog.failed(LOG, request.request.customId, cause);
        answer(request, records.failed(request.request, cause, request.start()));
    }

    private void answer(RequestInFlight request, CompletionRecord record) {
        backPressure.left(request);
        request.answered(record);
        order.answered(request);
    }

    private void emit(RequestInFlight request) {
        PromptRequest asked = request.request;
        completionMetrics.answered(request.answer, asked.receivedAt);
        output.collect(new StreamRecord<>(request.answer, asked.record.source.timestamp));
    }

    @Override
    public void finish() throws Exception {
        while (!batch.isIdle() && !stopped) {
            step();
        }
        super.finish();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        order.snapshot(batch.inFlight().stream().map(pending::get).toList());
        batchMetrics.checkpointed(order.snapshotCount());
    }

    @Override
    public OperatorSnapshotFutures snapshotState(
            long checkpointId, long timestamp, CheckpointOptions options, CheckpointStreamFactory factory)
            throws Exception {
        OperatorSnapshotFutures snapshot = super.snapshotState(checkpointId, timestamp, options, factory);
        SnapshotType type = options.getCheckpointType();
        stopped |= type instanceof SavepointType savepoint && savepoint.isSynchronous();
        return snapshot;
    }

    @Override
    public void close() throws Exception {
        if (model != null) {
            model.release();
            model = null;
        }
        if (batchMetrics != null) {
            batchMetrics.closed();
        }
        // Metrics may keep hold of a task that has ended, and keys and values are large.
        batch = null;
        backPressure = null;
        pending = null;
        super.close();
    }
}
