package io.flinkgpt2.job.function;

import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.job.metrics.CompletionMetrics;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RequestCompleter;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.operators.StreamingRuntimeContext;

/**
 * Completes one prompt at a time.
 *
 * <ul>
 *   <li>Weights are loaded once in a TaskManager and shared by its slots; cache and scratch are this slot's own.
 *   <li>Each request has exactly one answer; a failure inside is an answer with an {@code error}.
 *   <li>An error of the JVM itself, such as a lack of memory, fails the task, and Flink restarts it.
 *   <li>When the task is cancelled, a generation on its way ends at its next token.
 * </ul>
 */
public final class CompletePromptFunction extends RichMapFunction<PromptRequest, CompletionRecord>
        implements CheckpointedFunction {
    private static final long serialVersionUID = 1L;

    private GenerationSettings settings;
    private transient SharedModel model;
    private transient RequestCompleter completer;
    private transient CompletionMetrics metrics;

    public CompletePromptFunction(GenerationSettings settings) {
        this.settings = settings;
    }

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        settings = settings.withModel(PinnedModel.keep(settings.model(), context.getOperatorStateStore()));
    }

    /** The state changes only when it is initialised. */
    @Override
    public void snapshotState(FunctionSnapshotContext context) {}

    @Override
    public void open(OpenContext openContext) throws Exception {
        model = SharedModel.acquire(settings.model(), getRuntimeContext());
        metrics = new CompletionMetrics(getRuntimeContext().getMetricGroup(), model.loadMillis());
        Pretrained pretrained = model.pretrained();
        int slots = ((StreamingRuntimeContext) getRuntimeContext())
                .getTaskManagerRuntimeInfo()
                .getConfiguration()
                .get(TaskManagerOptions.NUM_TASK_SLOTS);
        long kvCacheBytes = ModelMemory.kvCacheBytes(
                pretrained.config(),
                pretrained.precision(),
                settings.maxContext(pretrained.config()),
                Runtime.getRuntime().maxMemory(),
                slots);
        completer = new RequestCompleter(
                new Generator(
                        pretrained.model(),
                        pretrained.tokenizer(),
                        settings.maxContext(pretrained.config()),
                        settings.prefillChunk(),
                        new Workers(1),
                        kvCacheBytes,
                        pretrained.constraints()),
                settings.records(pretrained),
                false);
    }

    @Override
    public CompletionRecord map(PromptRequest request) {
        metrics.requested();
        CompletionRecord answer = completer.complete(request);
        metrics.answered(answer, request.receivedAt);
        return answer;
    }

    @Override
    public void close() {
        if (model != null) {
            model.release();
            model = null;
        }
        // Metrics may keep hold of a task that has ended, and keys and values are large.
        completer = null;
    }
}
