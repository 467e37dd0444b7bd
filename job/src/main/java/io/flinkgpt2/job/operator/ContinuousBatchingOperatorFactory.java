package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;

/**
 * Makes a {@link ContinuousBatchingOperator} on each slot. Chained to what is after it, and without an order to what is before
 * it.
 */
public final class ContinuousBatchingOperatorFactory extends AbstractStreamOperatorFactory<CompletionRecord>
        implements OneInputStreamOperatorFactory<PromptRequest, CompletionRecord> {
    private static final long serialVersionUID = 1L;

    private final GenerationSettings generation;
    private final BatchSettings batch;
    private final Ordering ordering;

    /** @param ordering with {@link Ordering#KEY} the stream has to be keyed by {@link RequestKey} */
    public ContinuousBatchingOperatorFactory(GenerationSettings generation, BatchSettings batch, Ordering ordering) {
        this.generation = generation;
        this.batch = batch;
        this.ordering = ordering;
    }

    @Override
    @SuppressWarnings("TypeParameterUnusedInFormals") // the interface's
    public <T extends StreamOperator<CompletionRecord>> T createStreamOperator(
            StreamOperatorParameters<CompletionRecord> parameters) {
        @SuppressWarnings("unchecked") // the interface's way: T is what getStreamOperatorClass says
        T operator = (T) new ContinuousBatchingOperator(parameters, generation, batch, ordering);
        return operator;
    }

    @Override
    public Class<? extends StreamOperator<?>> getStreamOperatorClass(ClassLoader classLoader) {
        return ContinuousBatchingOperator.class;
    }
}
