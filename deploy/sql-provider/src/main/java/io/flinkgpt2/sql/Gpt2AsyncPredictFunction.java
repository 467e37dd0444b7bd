package io.flinkgpt2.sql;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.pretrained.Pretrained;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.ThreadSafeSimpleCounter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.FunctionContext;

/**
 * Completes many rows together, in a thread of its own in each subtask. Flink keeps the rows in flight in its state; after a
 * failure they are completed again, with the same bits.
 */
public final class Gpt2AsyncPredictFunction extends AsyncPredictFunction {
    private static final long serialVersionUID = 1L;

    private final ProviderSettings settings;
    private transient SharedModel model;
    private transient RequestRows requests;
    private transient AnswerRows answers;
    private transient Engine engine;

    Gpt2AsyncPredictFunction(ProviderSettings settings) {
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
        Counter steps = context.getMetricGroup().counter("steps", new ThreadSafeSimpleCounter());
        Counter sequenceSteps = context.getMetricGroup().counter("sequenceSteps", new ThreadSafeSimpleCounter());
        String name = "gpt2 " + context.getTaskInfo().getTaskNameWithSubtasks();
        engine = new Engine(pretrained, options, name, sequences -> {
            steps.inc();
            sequenceSteps.inc(sequences);
        });
    }

    @Override
    public CompletableFuture<Collection<RowData>> asyncPredict(RowData row) {
        if (requests.isNull(row)) {
            return CompletableFuture.completedFuture(answers.ofNull());
        }
        RowRequest request;
        try {
            request = requests.request(row);
        } catch (RowException e) {
            return CompletableFuture.completedFuture(answers.ofRefused(e));
        }
        return engine.submit(request).thenApply(ended -> rows(request, ended));
    }

    private Collection<RowData> rows(RowRequest request, RequestGroup ended) {
        return ended.failure() == null ? answers.of(request, ended.completions()) : answers.ofFailed(ended.failure());
    }

    @Override
    public void close() {
        if (engine != null) {
            engine.close();
            engine = null;
        }
        if (model != null) {
            model.release();
            model = null;
        }
        requests = null;
        answers = null;
    }
}
