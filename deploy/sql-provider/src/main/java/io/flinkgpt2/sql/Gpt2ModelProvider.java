package io.flinkgpt2.sql;

import org.apache.flink.table.functions.AsyncPredictFunction;
import org.apache.flink.table.functions.PredictFunction;
import org.apache.flink.table.ml.AsyncPredictRuntimeProvider;
import org.apache.flink.table.ml.ModelProvider;
import org.apache.flink.table.ml.PredictRuntimeProvider;

/** The functions of a model; the planner takes the asynchronous one unless {@code 'async' = 'false'}. */
final class Gpt2ModelProvider implements PredictRuntimeProvider, AsyncPredictRuntimeProvider {

    private final ProviderSettings settings;

    Gpt2ModelProvider(ProviderSettings settings) {
        this.settings = settings;
    }

    ProviderSettings settings() {
        return settings;
    }

    @Override
    public PredictFunction createPredictFunction(Context context) {
        return new Gpt2PredictFunction(settings);
    }

    @Override
    public AsyncPredictFunction createAsyncPredictFunction(Context context) {
        return new Gpt2AsyncPredictFunction(settings);
    }

    @Override
    public ModelProvider copy() {
        return new Gpt2ModelProvider(settings);
    }
}
