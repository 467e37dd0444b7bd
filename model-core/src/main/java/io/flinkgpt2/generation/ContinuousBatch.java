package io.flinkgpt2.generation;

import io.flinkgpt2.constraint.ConstraintCompiler;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Completes many requests together: sequences join and leave at every step, and prompts and decoding sequences share one
 * pass through the model. It starts no thread: its owner calls {@link #step} in a loop, and takes the requests that ended from
 * {@link #poll}.
 *
 * <ul>
 *   <li>A request gets the same bits as one that is completed alone, whatever else is in the batch, however the limits are
 *       set, with the prefix cache or without, and when it is resumed after any of its tokens.
 *   <li>Waiting requests enter by priority, lower ones first, then in the order in which they came. None is overtaken by
 *       one behind it, and none that runs is interrupted by one that waits.
 *   <li>A request enters when a place is free and its KV cache is sure to fit to its end; what the limits accept enters
 *       sooner or later.
 *   <li>Prompts that begin alike are computed once: see {@link BatchOptions#prefixCacheBytes} and
 *       {@link Completion#cachedTokens}.
 *   <li>A step in which no sequence enters or leaves allocates nothing, but blocks of the KV cache that were never used
 *       before.
 * </ul>
 *
 * <p>For one thread at a time.
 */
public final class ContinuousBatch {

    private static final int[] NONE_GENERATED = {};

    private final PromptLimits limits;
    private final BatchOptions options;
    private final SequenceFeatures features;
    private final KvCacheManager kvCache;
    private final Scheduler scheduler;
    private final BatchMetrics metrics;
    private final Outcomes outcomes;
    private final ModelRunner runner;

    /** Requests in flight that have a deadline. */
    private final List<RequestGroup> timed = new ArrayList<>();

    private long arrivals;

    /**
     * @throws IllegalArgumentException if {@code max-context} is more than the model's, or the KV cache cannot hold one
     *     sequence of it
     */
    public ContinuousBatch(Gpt2 model, Tokenizer tokenizer, BatchOptions options) {
        this(model, tokenizer, options, new Workers(1));
    }

    /** @param workers threads that share the work of a step; the caller closes them */
    public ContinuousBatch(Gpt2 model, Tokenizer tokenizer, BatchOptions options, Workers workers) {
        this(
                model,
                tokenizer,
                options,
                workers,
                ConstraintCompiler.whenUsed(tokenizer, model.config().vocabularySize()));
    }

    /**
     * @param workers threads that share the work of a step; the caller closes them
     * @param constraints of the tokenizer and the model, asked for when a request has a constraint
     */
    public ContinuousBatch(
            Gpt2 model,
            Tokenizer tokenizer,
            BatchOptions options,
            Workers workers,
            Supplier<ConstraintCompiler> constraints) {
        this(model, tokenizer, options, workers, new StandardFeatures(model.config(), tokenizer, constraints));
    }

    ContinuousBatch(Gpt2 model, Tokenizer tokenizer, BatchOptions options, Workers workers, SequenceFeatures features) {
        this.options = options;
        this.limits = new PromptLimits(model.config(), options.maxContext());
        this.features = features;
        this.kvCache = new KvCacheManager(model.config(), options);
        this.metrics = new BatchMetrics(kvCache);
        this.scheduler = new Scheduler(kvCache, options, metrics);
        this.outcomes = new Outcomes(tokenizer);
        this.runner = new ModelRunner(model, options, workers, scheduler, kvCache, outcomes, metrics);
    }

    /** Returns the limits that its prompts must keep to. */
    public PromptLimits limits() {
        return limits;
    }

    public BatchOptions options() {
        return options;
    }

    /** Returns a live view of what was done so far, and how full it is. */
    public BatchMetrics metrics() {
        return metrics;
    }

    /**
     * Takes a request in. What is accepted is completed sooner or later; one that asks for no tokens and no scores has ended
     * already.
     *
     * @param promptTokenIds the prompt, not to be changed afterwards; empty: generation begins from end of text
     * @param priority lower ones enter first; within one, in the order of submission
     * @throws IllegalArgumentException if the prompt does not keep to {@link #limits}, or it has more choices than
     *     {@value GenerationParameters#MAX_CHOICES}; a {@link RequestTooLargeException} if its beams do not fit the KV cache;
     *     nothing has changed then
     */
    public RequestGroup submit(int[] promptTokenIds, GenerationParameters parameters, int priority) {
        return submit(new int[][] {promptTokenIds}, parameters, priority);
    }

    /**
     * Takes a request with several prompts in, each of which is completed as {@link #submit(int[], GenerationParameters, int)}
     * says.
     */
    public RequestGroup submit(int[][] prompts, GenerationParameters parameters, int priority) {
        return resume(prompts, parameters, priority, List.of(), System.nanoTime());
    }

    /**
     * Takes a request in again that was interrupted, here or elsewhere, and goes on after the tokens it had. With a smaller
     * {@code max-context} than before, those past it are dropped.
     *
     * @param generatedTokenIds {@link RequestGroup#generatedTokenIds} when it was interrupted; a choice that is missing begins
     *     anew
     * @param takenAt when its time began to count, a reading of {@link System#nanoTime}
     * @throws IllegalArgumentException as {@link #submit}, and if there are more choices than the request asks for, or a
     *     generated id lies outside of the vocabulary
     */
    public RequestGroup resume(
            int[][] prompts,
            GenerationParameters parameters,
            int priority,
            List<int[]> generatedTokenIds,
            long takenAt) {
        RequestGroup group = new RequestGroup(prompts, parameters, priority, takenAt);
        for (Sequence sequence : sequences(group, generatedTokenIds)) {
            group.add(sequence);
        }
        if (group.hasDeadline()) {
            timed.add(group);
        }
        for (Sequence sequence : group.choices()) {
            if (sequence.search == null && sequence.isFinished() && !sequence.hasTokensToScore()) {
                outcomes.complete(sequence, group.submittedAt());
            } else {
                scheduler.enqueue(sequence);
            }
        }
        return group;
    }

    private List<Sequence> sequences(RequestGroup group, List<int[]> generatedTokenIds) {
        GenerationParameters parameters = group.parameters();
        int[][] prompts = group.promptTokenIds();
        boolean beams = parameters.beams() != null;
        int count = Math.multiplyExact(prompts.length, beams ? 1 : parameters.bestOf());
        if (prompts.length < 1 || (long) prompts.length * parameters.bestOf() > GenerationParameters.MAX_CHOICES) {
            throw new IllegalArgumentException("prompt: found " + prompts.length + " prompts of " + parameters.bestOf()
                    + " choices each, expected 1.." + GenerationParameters.MAX_CHOICES + " choices together");
        }
        if (generatedTokenIds.size() > count) {
            throw new IllegalArgumentException("generated tokens: found those of " + generatedTokenIds.size()
                    + " choices, expected at most " + count + ", those of the request");
        }
        for (int[] generated : generatedTokenIds) {
            for (int i = 0; i < generated.length; i++) {
                limits.requireInVocabulary("generated token id", i, generated[i]);
            }
        }
        List<Sequence> sequences = new ArrayList<>(count);
        for (int i = 0; i < prompts.length; i++) {
            int[] fitted = limits.fit(prompts[i], parameters.maxTokens());
            Prompt prompt = new Prompt(i, fitted, parameters.scores(), features.vocabularySize());
            for (int choice = i * count / prompts.length; choice < (i + 1) * count / prompts.length; choice++) {
                sequences.add(sequence(group, prompt, choice, generatedTokenIds));
            }
        }
        return sequences;
    }

    private Sequence sequence(RequestGroup group, Prompt prompt, int choice, List<int[]> generatedTokenIds) {
        int[] generated = choice < generatedTokenIds.size() ? generatedTokenIds.get(choice) : NONE_GENERATED;
        boolean beams = group.parameters().beams() != null;
        int ofRequest = beams ? choice * group.parameters().choices() : choice;
        Sequence sequence =
                new Sequence(group, prompt, ofRequest, arrivals++, generated, limits.maxContext(), features);
        if (beams && !sequence.isFinished()) {
            kvCache.requireFits(new BeamSearch(sequence).beams().get(0));
        }
        return sequence;
    }

    /**
     * Ends a request where it stands, with what it has generated so far; its places and memory are free at once.
     *
     * @return false if it had ended before
     * @throws IllegalArgumentException if it is another batch's
     */
    public boolean cancel(RequestGroup group) {
        return end(group, StopReason.CANCELLED);
    }

    private boolean end(RequestGroup group, StopReason reason) {
        if (group.hasEnded()) {
            return false;
        }
        for (Sequence sequence : group.choices()) {
            if (!sequence.hasEnded()) {
                scheduler.remove(sequence);
                if (sequence.search == null) {
                    sequence.endUnlessFinished(Stop.of(reason));
                    outcomes.complete(sequence, System.nanoTime());
                } else {
                    sequence.search.end(Stop.of(reason));
                    outcomes.complete(sequence.search, System.nanoTime());
                }
            }
        }
        return true;
    }

    /** Ends the requests whose time is over. */
    private void endTimedOut() {
        long now = System.nanoTime();
        for (int i = timed.size() - 1; i >= 0; i--) {
            RequestGroup group = timed.get(i);
            if (group.isPastDeadline(now)) {
                end(group, StopReason.TIMEOUT);
            }
            if (group.hasEnded()) {
                timed.remove(i);
            }
        }
    }

    /** Returns the number of sequences that were admitted and have not ended. */
    public int runningCount() {
        return scheduler.runningCount();
    }

    /** Returns the number of sequences that have generated tokens and not ended: what a crash now would compute again. */
    public int partGeneratedCount() {
        int count = 0;
        for (int i = 0; i < scheduler.runningCount(); i++) {
            count += scheduler.running(i).generatedCount() > 0 ? 1 : 0;
        }
        return count;
    }

    /** Returns the number of sequences that wait for a place or for room in the KV cache. */
    public int waitingCount() {
        return scheduler.waitingCount();
    }

    /** Returns whether as many sequences are in flight, waiting ones included, as there are places. */
    public boolean isFull() {
        return scheduler.isFull();
    }

    /** Returns whether there is nothing to do; requests that have ended may still be waiting to be polled. */
    public boolean isIdle() {
        return runningCount() + waitingCount() == 0;
    }

    /**
     * Returns all requests in flight: those that run in the order of their admission, then those that wait, the next one
     * first.
     */
    public List<RequestGroup> inFlight() {
        Set<RequestGroup> all = new LinkedHashSet<>();
        for (int i = 0; i < scheduler.runningCount(); i++) {
            all.add(scheduler.running(i).group());
        }
        scheduler.waiting().forEach(sequence -> all.add(sequence.group()));
        return List.copyOf(all);
    }

    /**
     * Returns the next request that ended, or null: in the order in which they ended, those of one step in the order of their
     * admission.
     */
    public RequestGroup poll() {
        return outcomes.poll();
    }

    /**
     * Lets waiting requests enter, and runs one pass: a token for each decoding sequence, and a chunk of prompts.
     *
     * <p>A sequence that throws fails alone: in the pass, when its token is chosen (its logits may not be numbers), or when its
     * tokens become text. If the pass that all share throws, each is computed alone in this step, with the same bits; see
     * {@link BatchMetrics#failedPasses}.
     *
     * @return false if there was nothing to do
     * @throws IllegalStateException if internal bookkeeping is corrupt; discard the batch
     */
    public boolean step() {
        if (!timed.isEmpty()) {
            endTimedOut();
        }
        scheduler.admit();
        if (scheduler.runningCount() == 0) {
            return false;
        }
        runner.step();
        scheduler.removeEnded();
        return true;
    }
}
