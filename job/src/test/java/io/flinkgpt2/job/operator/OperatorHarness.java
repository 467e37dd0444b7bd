package io.flinkgpt2.job.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.job.function.CompletePromptFunction;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ModelSettings;
import io.flinkgpt2.job.function.ParseRequest;
import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.SamplingParameters;
import io.flinkgpt2.tensor.Precision;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.Mail;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;

/** The operator in a task whose mails the test takes one by one. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
final class OperatorHarness implements AutoCloseable {

    static final Duration LONG = Duration.ofHours(1);
    static final int MAX_PARALLELISM = 8;
    static final SnapshotType STOP = SavepointType.suspend(SavepointFormatType.CANONICAL);
    static final SnapshotType SAVEPOINT = SavepointType.savepoint(SavepointFormatType.CANONICAL);

    private final OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> harness;
    private long snapshots;
    private boolean cancelled;

    private OperatorHarness(OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> harness) {
        this.harness = harness;
    }

    static OperatorHarness open(Path model, BatchSettings batch) throws Exception {
        return restore(settings(model), batch, 1, 0, null);
    }

    /**
     * One subtask of so many.
     *
     * @param state what a snapshot gave, of all subtasks together and dealt out anew; null: none
     */
    static OperatorHarness restore(
            GenerationSettings generation,
            BatchSettings batch,
            int parallelism,
            int subtask,
            OperatorSubtaskState state)
            throws Exception {
        return restore(
                new OneInputStreamOperatorTestHarness<>(
                        new ContinuousBatchingOperatorFactory(generation, batch, Ordering.NONE),
                        MAX_PARALLELISM,
                        parallelism,
                        subtask),
                state);
    }

    /** The same in the order of keys. */
    static OperatorHarness restoreByKey(
            Path model, BatchSettings batch, int parallelism, int subtask, OperatorSubtaskState state)
            throws Exception {
        return restoreByKey(settings(model), batch, parallelism, subtask, state);
    }

    static OperatorHarness restoreByKey(
            GenerationSettings generation,
            BatchSettings batch,
            int parallelism,
            int subtask,
            OperatorSubtaskState state)
            throws Exception {
        return restore(
                new KeyedOneInputStreamOperatorTestHarness<>(
                        new ContinuousBatchingOperatorFactory(generation, batch, Ordering.KEY),
                        new RequestKey(),
                        Types.STRING,
                        MAX_PARALLELISM,
                        parallelism,
                        subtask),
                state);
    }

    /** The one subtask in either order. */
    static OperatorHarness restore(
            Ordering ordering, GenerationSettings generation, BatchSettings batch, OperatorSubtaskState state)
            throws Exception {
        return ordering == Ordering.KEY
                ? restoreByKey(generation, batch, 1, 0, state)
                : restore(generation, batch, 1, 0, state);
    }

    private static OperatorHarness restore(
            OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> harness, OperatorSubtaskState state)
            throws Exception {
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
        return new OperatorHarness(harness);
    }

    static BatchSettings batch(int batchSize, Duration maxHold) {
        return new BatchSettings(batchSize, maxHold, null, null);
    }

    static GenerationSettings settings(Path model) {
        return settings(model, TinyModel.CONTEXT_LENGTH);
    }

    static GenerationSettings settings(Path model, int maxContext) {
        return settings(new ModelSettings(model.toString(), List.of("tiny"), Precision.F32, null), maxContext);
    }

    static GenerationSettings settings(ModelSettings model, int maxContext) {
        return new GenerationSettings(
                "test",
                model,
                maxContext,
                8,
                RequestDefaults.ofTheFormat(),
                UnknownFields.REJECT,
                RecordEnvelope.AS_SENT,
                new AnswerLimits(10_000, 1_000_000));
    }

    /** What the other mode answers. */
    static List<CompletionRecord> oneByOne(Path model, List<PromptRequest> requests) throws Exception {
        return oneByOne(settings(model), requests);
    }

    static List<CompletionRecord> oneByOne(GenerationSettings settings, List<PromptRequest> requests) throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> map =
                new OneInputStreamOperatorTestHarness<>(new StreamMap<>(new CompletePromptFunction(settings)))) {
            map.open();
            for (PromptRequest request : requests) {
                map.processElement(request, request.record.source.timestamp);
            }
            return map.extractOutputValues();
        }
    }

    /** Greedy and drawn, of different lengths. */
    static List<PromptRequest> requests(int count, long seed) {
        Random random = new Random(seed);
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    int[] prompt = random.ints(1 + random.nextInt(20), 0, 50257).toArray();
                    PromptRequest request = request("r-" + i, 1 + random.nextInt(12), prompt);
                    request.parameters = GenerationParameters.builder()
                            .setMaxTokens(request.parameters.maxTokens())
                            .setTemperature(i % 2 == 0 ? 0 : 0.8)
                            .setSeed(random.nextLong())
                            .build();
                    return request;
                })
                .toList();
    }

    static PromptRequest request(String customId, int maxTokens, int... prompt) {
        PromptRequest request = new PromptRequest();
        request.record = new PromptRecord(new RecordSource("prompts", 0, 7, 1234), null, null, List.of());
        request.customId = customId;
        request.prompts = new int[][] {prompt};
        request.droppedTokens = new int[1];
        request.parameters = GenerationParameters.greedy(maxTokens);
        return request;
    }

    /** With the value that such a request is received as, which it gives up when it is answered. */
    void process(PromptRequest request) throws Exception {
        if (request.record.value == null) {
            request.record.value = value(request);
        }
        harness.processElement(request, request.record.source.timestamp);
    }

    private static byte[] value(PromptRequest request) {
        SamplingParameters sampling = request.parameters.sampling();
        return ("{\"custom_id\": \"" + request.customId + "\", \"prompt\": " + Arrays.toString(request.prompts[0])
                        + ", \"max_tokens\": " + request.parameters.maxTokens() + ", \"temperature\": "
                        + sampling.temperature()
                        + ", \"top_k\": " + sampling.topK() + ", \"top_p\": " + sampling.topP() + ", \"seed\": "
                        + request.parameters.seed()
                        + "}")
                .getBytes(UTF_8);
    }

    void process(List<PromptRequest> requests) throws Exception {
        for (PromptRequest request : requests) {
            process(request);
        }
    }

    /** Takes the one mail that may be there, which no operator takes that waits for its own mails. */
    boolean takeMail() throws Exception {
        TaskMailbox mailbox = harness.getTaskMailbox();
        assertThat(mailbox.size()).isLessThanOrEqualTo(1);
        assertThat(mailbox.tryTake(TaskMailbox.MIN_PRIORITY + 1)).isEmpty();
        Optional<Mail> mail = mailbox.tryTake(TaskMailbox.MIN_PRIORITY);
        if (mail.isPresent()) {
            mail.get().run();
        }
        return mail.isPresent();
    }

    void takeMails(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            assertThat(takeMail()).isTrue();
        }
    }

    /** Takes mails until there are none; returns how many. */
    int takeAllMails() throws Exception {
        int mails = 0;
        for (; takeMail(); mails++) {
            assertThat(harness.getTaskMailbox().size()).isLessThanOrEqualTo(1);
        }
        return mails;
    }

    void finish() throws Exception {
        harness.endInput();
        operator().finish();
    }

    void cancel() throws Exception {
        operator().getContainingTask().cancel();
        cancelled = true;
    }

    private ContinuousBatchingOperator operator() {
        return (ContinuousBatchingOperator) harness.getOperator();
    }

    OperatorSubtaskState snapshot() throws Exception {
        return snapshot(CheckpointType.CHECKPOINT);
    }

    OperatorSubtaskState snapshot(SnapshotType type) throws Exception {
        return harness.snapshotWithLocalState(++snapshots, 0, type).getJobManagerOwnedState();
    }

    /** Returns the requests in flight, as the batch knows them. */
    List<RequestGroup> inFlight() throws ReflectiveOperationException {
        Field batch = ContinuousBatchingOperator.class.getDeclaredField("batch");
        batch.setAccessible(true);
        return ((ContinuousBatch) batch.get(operator())).inFlight();
    }

    List<CompletionRecord> answers() {
        return new ArrayList<>(harness.extractOutputValues());
    }

    List<DeadLetter> deadLetters() {
        ConcurrentLinkedQueue<StreamRecord<DeadLetter>> letters = harness.getSideOutput(ParseRequest.DEAD_LETTERS);
        return letters == null
                ? List.of()
                : letters.stream().map(StreamRecord::getValue).toList();
    }

    List<String> answered() {
        return answers().stream().map(answer -> answer.customId).toList();
    }

    OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> flink() {
        return harness;
    }

    @Override
    public void close() throws Exception {
        if (cancelled) {
            // As a task does it; the harness would let the operator finish first.
            operator().close();
            harness.getEnvironment().close();
        } else {
            harness.close();
        }
    }
}
