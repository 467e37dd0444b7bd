package io.flinkgpt2.generation;

import io.flinkgpt2.constraint.ConstraintCompiler;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;

/**
 * Text in, completions out: a tokenizer and a {@link ContinuousBatch}. Immutable and safe for use by several threads.
 */
public final class TextCompleter {

    /*
     * Each call has a batch of its own, on the caller's thread, that is garbage when the call returns. So nothing has to be
     * closed, and threads share nothing that changes. What a call allocates for that, some megabytes for a model of GPT-2's size,
     * is little beside the work of one token. The price: a call does not find the prompts of an earlier one in a prefix cache.
     */

    /** Maximum number of sequences that a call computes together: the job's default. */
    private static final int BATCH_SIZE = 32;

    /** Maximum number of prompt tokens of one pass: the job's default. */
    private static final int PREFILL_CHUNK = 128;

    private final Gpt2 model;
    private final Tokenizer tokenizer;
    private final Supplier<ConstraintCompiler> constraints;
    private final PromptLimits limits;

    /** @param constraints of the tokenizer and the model, asked for when a request has a constraint */
    public TextCompleter(Gpt2 model, Tokenizer tokenizer, Supplier<ConstraintCompiler> constraints) {
        this.model = model;
        this.tokenizer = tokenizer;
        this.constraints = constraints;
        this.limits = new PromptLimits(model.config(), model.config().contextLength());
    }

    /**
     * Completes one prompt.
     *
     * @param prompt text in which special tokens are ordinary text; an empty one is completed from end of text
     * @throws IllegalArgumentException if the parameters ask for several choices, and as {@link #completeAll}
     * @throws RuntimeException as {@link #completeAll}
     */
    public Completion complete(String prompt, GenerationParameters parameters) {
        Objects.requireNonNull(prompt, "prompt");
        if (parameters.choices() != 1) {
            throw new IllegalArgumentException("n: found " + parameters.choices()
                    + ", expected 1 for a single completion; call completeAll to have several");
        }
        int[] promptTokenIds = encode(prompt, "prompt", parameters);
        return generate(new int[][] {promptTokenIds}, parameters).get(0);
    }

    /**
     * Completes prompts together. Each has the completions that it has alone, and that a job gives a request with these
     * parameters, bit for bit.
     *
     * @param parameters of each prompt
     * @return {@code n} completions of each prompt, those of the first prompt first
     * @throws IllegalArgumentException if a prompt does not fit the model's context (then a {@link PromptTooLongException}), or is
     *     not well-formed text, or the model takes no text, or the constraint is not valid; names the prompt; nothing was generated
     * @throws CancellationException if the thread is interrupted, noticed before each token; it stays interrupted
     * @throws RuntimeException why a completion failed, such as an {@link ArithmeticException} if the model's logits are not numbers
     */
    public List<Completion> completeAll(List<String> prompts, GenerationParameters parameters) {
        int[][] promptTokenIds = new int[prompts.size()][];
        int index = 0;
        for (String prompt : prompts) {
            String name = "prompts[" + index + "]";
            promptTokenIds[index++] = encode(Objects.requireNonNull(prompt, name), name, parameters);
        }
        return generate(promptTokenIds, parameters);
    }

    private int[] encode(String prompt, String name, GenerationParameters parameters) {
        try {
            return limits.fit(tokenizer.encode(prompt), parameters.maxTokens());
        } catch (PromptTooLongException e) {
            throw new PromptTooLongException(name, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    private List<Completion> generate(int[][] prompts, GenerationParameters parameters) {
        if (prompts.length == 0) {
            return List.of();
        }
        ContinuousBatch batch =
                new ContinuousBatch(model, tokenizer, options(prompts, parameters), new Workers(1), constraints);
        IdentityHashMap<RequestGroup, Integer> inFlight = new IdentityHashMap<>();
        List<List<Completion>> completions = new ArrayList<>();
        while (completions.size() < prompts.length || !inFlight.isEmpty()) {
            // No more than there are places: those that wait would take memory.
            while (completions.size() < prompts.length && !batch.isFull()) {
                inFlight.put(batch.submit(prompts[completions.size()], parameters, 0), completions.size());
                completions.add(List.of());
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new CancellationException("generation was interrupted");
            }
            batch.step();
            for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
                int prompt = inFlight.remove(ended);
                completions.set(prompt, completions(ended, prompt));
            }
        }
        return completions.stream().flatMap(List::stream).toList();
    }

    private static List<Completion> completions(RequestGroup ended, int prompt) {
        RuntimeException failure = ended.firstFailure();
        if (failure != null) {
            throw failure;
        }
        return ended.completions().stream()
                .map(completion -> completion.withPrompt(prompt))
                .toList();
    }

    /** Room for a full batch of the longest, but of one prompt's length where the heap is small. */
    private BatchOptions options(int[][] prompts, GenerationParameters parameters) {
        Gpt2Config config = model.config();
        int tokens = Arrays.stream(prompts).mapToInt(prompt -> prompt.length).reduce(0, Math::addExact);
        long longest =
                Arrays.stream(prompts).mapToInt(prompt -> prompt.length).max().orElseThrow();
        int end = (int) Math.min(limits.maxContext(), longest + parameters.maxTokens());
        long sequences = (long) prompts.length * parameters.bestOf();
        BatchOptions roomy = BatchOptions.roomy(
                config, limits.maxContext(), (int) Math.min(BATCH_SIZE, sequences), Math.min(PREFILL_CHUNK, tokens));
        long least = KvBlocks.blocksFor(limits.maxContext()) * KvBlocks.blockBytes(config);
        long wanted = roomy.batchSize() * (long) KvBlocks.blocksFor(end) * KvBlocks.blockBytes(config);
        long beams = parameters.beams() == null ? 0 : Generator.mostKvCacheBytes(config, end);
        // Changes speed only, as all limits here do.
        long bytes = Math.max(Math.max(least, beams), Math.min(wanted, freeHeap() / 2));
        return roomy.withKvCacheBytes(bytes).withPrefixCacheBytes(bytes);
    }

    private static long freeHeap() {
        Runtime runtime = Runtime.getRuntime();
        return runtime.maxMemory() - (runtime.totalMemory() - runtime.freeMemory());
    }
}
