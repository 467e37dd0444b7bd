package io.flinkgpt2.sql;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import java.util.Collection;
import java.util.concurrent.CancellationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.PredictFunction;

/** Completes one row at a time, in the task's own thread. */
public final class Gpt2PredictFunction extends PredictFunction {
    private static final long serialVersionUID = 1L;

    private final ProviderSettings settings;
    private transient SharedModel model;
    private transient RequestRows requests;
    private transient AnswerRows answers;
    private transient Generator generator;

    Gpt2PredictFunction(ProviderSettings settings) {
        this.settings = settings;
    }

    @Override
    public void open(FunctionContext context) throws Exception {
        model = SharedModel.acquire(settings.model(), settings.loadOptions());
        Pretrained pretrained = model.pretrained();
        requests = new RequestRows(settings, pretrained);
        answers = new AnswerRows(settings, pretrained, context.getMetricGroup());
        BatchOptions options = EngineMemory.batchOptions(
                pretrained, settings.limits(), Runtime.getRuntime().maxMemory(), Subtasks.sharingTheHeap(context));
        generator = new Generator(
                pretrained.model(),
                pretrained.tokenizer(),
                options.maxContext(),
                options.prefillChunk(),
                new Workers(1),
                options.kvCacheBytes(),
                pretrained.constraints());
    }

    /** @throws CancellationException if the task is cancelled, noticed before each token */
    @Override
    public Collection<RowData> predict(RowData row) {
        if (requests.isNull(row)) {
            return answers.ofNull();
        }
        try {
            RowRequest request = requests.request(row);
            RequestGroup ended = generator.generate(new int[][] {request.promptTokenIds()}, request.parameters());
            return ended.failure() == null
                    ? answers.of(request, ended.completions())
                    : answers.ofFailed(ended.failure());
        } catch (RowException e) {
            return answers.ofRefused(e);
        }
    }

    @Override
    public void close() {
        if (model != null) {
            model.release();
            model = null;
        }
        generator = null;
        requests = null;
        answers = null;
    }
}
