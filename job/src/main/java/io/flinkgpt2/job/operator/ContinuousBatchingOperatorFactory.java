package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/** Makes a {@link ContinuousBatchingOperator} on each slot. Chained to what is before it and after it. */
public final class ContinuousBatchingOperatorFactory extends AbstractStreamOperatorFactory<CompletionRecord>
        implements OneInputStreamOperatorFactory<PromptRequest, CompletionRecord> {
    private static final long serialVersionUID = 1L;

    private final GenerationSettings generation;
    private final BatchSettings batch;

    public ContinuousBatchingOperatorFactory(GenerationSettings generation, BatchSettings batch) {
        this.generation = generation;
        this.batch = batch;
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // the interface's
    public <T extends StreamOperator<CompletionRecord>> T createStreamOperator(
            StreamOperatorParameters<CompletionRecord> parameters) {
        @SuppressWarnings("unchecked") // the interface's way: T is what getStreamOperatorClass says
        T operator = (T) new ContinuousBatchingOperator(parameters, generation, batch);
        return operator;
    }

    @Override
    public Class<? extends StreamOperator<?>> getStreamOperatorClass(ClassLoader classLoader) {
        return ContinuousBatchingOperator.class;
    }
}
