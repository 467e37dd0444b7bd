package io.flinkgpt2.job.function;

import io.flinkgpt2.job.metrics.CompletionMetrics;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordError;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.pretrained.Pretrained;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Parses, validates and tokenises; whatever is wrong with a record sends it to the {@link #DEAD_LETTERS}. */
public final class ParseRequest extends ProcessFunction<PromptRecord, PromptRequest> implements CheckpointedFunction {
    private static final Logger LOG = LoggerFactory.getLogger(ParseRequest.class);
    private static final long serialVersionUID = 1L;

    /** Records that are not a valid request, with the reason. */
    public static final OutputTag<DeadLetter> DEAD_LETTERS = new OutputTag<>("dead-letters") {
        private static final long serialVersionUID = 1L;
    };

    private GenerationSettings settings;
    private transient SharedModel model;
    private transient RequestParser parser;
    private transient CompletionMetrics.DeadLetters deadLetters;

    public ParseRequest(GenerationSettings settings) {
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
        deadLetters = new CompletionMetrics.DeadLetters(getRuntimeContext().getMetricGroup());
        model = SharedModel.acquire(settings.model(), getRuntimeContext());
        Pretrained pretrained = model.pretrained();
        pretrained
                .tokenizer()
                .refusalOfText()
                .ifPresent(why -> LOG.warn("Prompts with text will become dead letters: {}", why));
        parser = settings.parser(pretrained);
    }

    @Override
    public void processElement(PromptRecord record, Context context, Collector<PromptRequest> out) {
        long now = System.currentTimeMillis();
        if (record.refusal != null) {
            refuse(record, record.refusal, now, context);
            return;
        }
        try {
            out.collect(parser.parse(record, now));
        } catch (InvalidRequestException e) {
            refuse(record, e.error(), now, context);
        }
    }

    private void refuse(PromptRecord record, RecordError reason, long now, Context context) {
        deadLetters.refused(reason);
        context.output(DEAD_LETTERS, new DeadLetter(record, reason, settings.jobName(), now));
    }

    @Override
    public void close() {
        if (model != null) {
            model.release();
            model = null;
        }
    }
}
