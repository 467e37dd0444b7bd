package io.flinkgpt2.generation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.Sampler;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.concurrent.CancellationException;

/**
 * Completes one request at a time. Owns cache, scratch and sampler for one thread, and reuses them from request to
 * request; the decode loop allocates nothing but blocks of the cache, while that is longer than it ever was.
 */
public final class Generator {

    private static final int[] NONE_GENERATED = {};

    private final Gpt2 model;
    private final Tokenizer tokenizer;
    private final PromptLimits limits;
    private final int prefillChunk;
    private final RaggedBatch batch;
    private final ForwardState activations;
    private final KvCache cache;
    private final Sampler sampler;

    /**
     * @param maxContext the most tokens of prompt and completion together, 1..{@code n_positions}
     * @param prefillChunk the most prompt tokens of one pass, 1 or more; changes speed and memory, never a result
     */
    public Generator(Pretrained pretrained, int maxContext, int prefillChunk) {
        this(pretrained, maxContext, prefillChunk, new Workers(1));
    }

    /** @param workers threads that share the work of each pass; they change speed, never a result; closed by who made them */
    public Generator(Pretrained pretrained, int maxContext, int prefillChunk, Workers workers) {
        if (prefillChunk < 1) {
            throw new IllegalArgumentException("prefill.chunk: found " + prefillChunk + ", expected 1 or more");
        }
        this.model = pretrained.model();
        this.tokenizer = pretrained.tokenizer();
        this.limits = new PromptLimits(model.config(), maxContext);
        this.prefillChunk = Math.min(prefillChunk, maxContext);
        this.batch = new RaggedBatch(this.prefillChunk);
        this.activations = new ForwardState(model, this.prefillChunk, 1, maxContext, workers);
        this.cache = new KvCache(model.config(), maxContext);
        this.sampler = new Sampler(model.kernels(), model.config().vocabularySize());
    }

    /** What its prompts must keep to. */
    public PromptLimits limits() {
        return limits;
    }

    /**
     * Generates until a stop condition holds.
     *
     * @throws IllegalArgumentException if the prompt does not keep to {@link #limits}
     * @throws ArithmeticException if the model's logits are not numbers
     * @throws CancellationException if the thread is interrupted, noticed before each token; it stays interrupted, and the
     *     next request begins afresh
     */
    public Completion generate(GenerationRequest request) {
        long start = System.nanoTime();
        int[] prompt = limits.admit(request.promptTokenIds(), request.maxTokens());
        cache.reset();
        Sequence sequence =
                new Sequence(request, prompt, NONE_GENERATED, limits.maxContext(), model.config()::isEndOfText);
        long firstToken = 0;
        while (!sequence.isFinished()) {
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("generation was interrupted");
            }
            step(sequence);
            if (firstToken == 0 && sequence.generatedCount() > 0) {
                firstToken = System.nanoTime();
            }
        }
        int[] tokenIds = sequence.generatedTokenIds();
        String text = CompletionText.of(tokenizer, tokenIds);
        return new Completion(
                prompt.length,
                tokenIds,
                text,
                sequence.stopReason(),
                0,
                0,
                firstToken == 0 ? 0 : firstToken - start,
                System.nanoTime() - start);
    }

    /** Brings the cache up to the last token, in chunks, and samples the next one. */
    private void step(Sequence sequence) {
        while (cache.length() < sequence.length()) {
            batch.clear();
            int end = Math.min(sequence.length(), cache.length() + prefillChunk);
            for (int position = cache.length(); position < end; position++) {
                boolean last = position == sequence.length() - 1;
                batch.add(cache, position, sequence.tokenId(position), last);
            }
            model.forward(batch, activations);
        }
        GenerationRequest request = sequence.request();
        sequence.append(sampler.sample(
                activations.logits(),
                activations.logitsOffset(0),
                request.sampling(),
                request.seed(),
                request.choice(),
                sequence.generatedCount()));
    }
}
