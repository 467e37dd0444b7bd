package io.flinkgpt2.generation;

import io.flinkgpt2.constraint.ConstraintCompiler;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/**
 * Completes one request at a time: a {@link ContinuousBatch} of one place. For one thread at a time.
 */
public final class Generator {

    private final ContinuousBatch batch;

    /**
     * @param maxContext maximum number of tokens of prompt and completion together, 1..{@code n_positions}
     * @param prefillChunk maximum number of prompt tokens of one pass, 1 or more; changes speed and memory, never a result
     */
    public Generator(Gpt2 model, Tokenizer tokenizer, int maxContext, int prefillChunk) {
        this(model, tokenizer, maxContext, prefillChunk, new Workers(1));
    }

    /** @param workers threads that share the work of each pass; they change speed, never a result; the caller closes them */
    public Generator(Gpt2 model, Tokenizer tokenizer, int maxContext, int prefillChunk, Workers workers) {
        this(
                model,
                tokenizer,
                maxContext,
                prefillChunk,
                workers,
                mostKvCacheBytes(model.config(), maxContext),
                ConstraintCompiler.whenUsed(tokenizer, model.config().vocabularySize()));
    }

    /**
     * @param kvCacheBytes maximum memory for keys and values, enough for at least one sequence of {@code maxContext}
     * @param constraints of the tokenizer and the model, asked for when a request has a constraint
     */
    public Generator(
            Gpt2 model,
            Tokenizer tokenizer,
            int maxContext,
            int prefillChunk,
            Workers workers,
            long kvCacheBytes,
            Supplier<ConstraintCompiler> constraints) {
        BatchOptions options = new BatchOptions(maxContext, 1, Math.min(prefillChunk, maxContext), kvCacheBytes, 0);
        this.batch = new ContinuousBatch(model, tokenizer, options, workers, constraints);
    }

    /** Returns the bytes of keys and values that the widest beam search of the longest context takes. */
    public static long mostKvCacheBytes(Gpt2Config config, int maxContext) {
        new PromptLimits(config, maxContext); // refuses a context that the model does not have
        return BeamParameters.MAX_WIDTH * (KvBlocks.blocksFor(maxContext) + 1L) * KvBlocks.blockBytes(config);
    }

    /** Returns the limits that its prompts must keep to. */
    public PromptLimits limits() {
        return batch.limits();
    }

    /**
     * Generates until all choices have ended.
     *
     * @param prompts one or more; an empty one is completed from end of text
     * @return the request, which has ended
     * @throws IllegalArgumentException as {@link ContinuousBatch#submit(int[][], GenerationParameters, int)}
     * @throws CancellationException if the thread is interrupted, noticed before each token; it stays interrupted, and the
     *     next request begins afresh
     */
    public RequestGroup generate(int[][] prompts, GenerationParameters parameters) {
        RequestGroup request = batch.submit(prompts, parameters, 0);
        while (!request.hasEnded()) {
            if (Thread.currentThread().isInterrupted()) {
                batch.cancel(request);
                batch.poll();
                throw new CancellationException("generation was interrupted");
            }
            batch.step();
        }
        batch.poll();
        return request;
    }

    /**
     * Generates one completion.
     *
     * @throws RuntimeException why it failed, such as an {@link ArithmeticException} if the model's logits are not numbers;
     *     and as {@link #generate}
     */
    public Completion complete(int[] promptTokenIds, GenerationParameters parameters) {
        RequestGroup request = generate(new int[][] {promptTokenIds}, parameters);
        if (request.failure() != null) {
            throw request.failure();
        }
        return request.completions().get(0);
    }
}
