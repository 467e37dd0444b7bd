package io.flinkgpt2.generation;

import io.flinkgpt2.model.Activations;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Completes many requests together: sequences join and leave at every step, and prompts and decoding sequences share one
 * pass through the model. It starts no thread: whoever drives it calls {@link #step} in a loop, and takes what ended from
 * {@link #poll}.
 *
 * <ul>
 *   <li>A request gets the same bits as from a {@link Generator}, whatever else is in the batch, however the limits are set,
 *       with the prefix cache or without, and when it is resumed after any of its tokens.
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

    private final Gpt2 model;
    private final Tokenizer tokenizer;
    private final PromptLimits limits;
    private final BatchOptions options;
    private final int endOfTextId;
    private final KvBlocks pool;
    private final Admission admission;
    private final StepRows stepRows;
    private final RaggedBatch rows;
    private final Activations activations;
    private final Sampler sampler;
    private final BatchMetrics metrics;
    /** In the order of admission. */
    private final InFlight[] running;

    private final ArrayDeque<BatchOutcome> outcomes = new ArrayDeque<>();
    private int runningCount;
    private long arrivals;

    /**
     * @throws IllegalArgumentException if {@code max-context} is more than the model's, or the KV cache cannot hold one
     *     sequence of it
     */
    public ContinuousBatch(Pretrained pretrained, BatchOptions options) {
        this(pretrained, options, new Workers(1));
    }

    /** @param workers threads that share the work of a step; closed by who made them */
    public ContinuousBatch(Pretrained pretrained, BatchOptions options, Workers workers) {
        this.model = pretrained.model();
        this.tokenizer = pretrained.tokenizer();
        this.options = options;
        Gpt2Config config = model.config();
        this.limits = new PromptLimits(config, options.maxContext());
        this.endOfTextId = config.endOfTextId().orElse(-1);
        long least = KvBlocks.blocksFor(options.maxContext()) * KvBlocks.blockBytes(config);
        if (options.kvCacheBytes() < least) {
            throw new IllegalArgumentException(
                    "kv-cache.bytes: found " + options.kvCacheBytes() + ", expected at least "
                            + least + ", what one sequence with a max-context of " + options.maxContext()
                            + " takes in this model; raise it or lower max-context");
        }
        int maxRows = options.batchSize() + options.prefillChunk();
        this.pool = new KvBlocks(config, options.kvCacheBytes());
        this.admission = new Admission(pool, options);
        this.stepRows = new StepRows(options.batchSize(), options.prefillChunk());
        this.rows = new RaggedBatch(maxRows);
        this.activations = new Activations(config, maxRows, options.batchSize(), options.maxContext(), workers);
        this.sampler = new Sampler(model.kernels(), config.vocabularySize());
        this.metrics = new BatchMetrics(pool, admission);
        this.running = new InFlight[options.batchSize()];
    }

    /** What its prompts must keep to. */
    public PromptLimits limits() {
        return limits;
    }

    public BatchOptions options() {
        return options;
    }

    /** What was done so far, and how full it is. */
    public BatchMetrics metrics() {
        return metrics;
    }

    /**
     * Takes a request in. What is accepted is completed sooner or later; one that asks for no tokens has ended already.
     *
     * @param priority lower ones enter first; within one, in the order of submission
     * @throws IllegalArgumentException if the prompt does not keep to {@link #limits}; nothing has changed then
     */
    public InFlight submit(GenerationRequest request, int priority) {
        return resume(request, priority, NONE_GENERATED);
    }

    /**
     * Takes a request in again that was interrupted, here or elsewhere, and goes on after the tokens it had. With a smaller
     * {@code max-context} than before, those past it are dropped.
     *
     * @param generatedTokenIds {@link InFlight#generatedTokenIds} when it was interrupted
     * @throws IllegalArgumentException as {@link #submit}, and if a generated id lies outside of the vocabulary
     */
    public InFlight resume(GenerationRequest request, int priority, int[] generatedTokenIds) {
        int[] prompt = limits.admit(request.promptTokenIds(), request.maxTokens());
        for (int i = 0; i < generatedTokenIds.length; i++) {
            limits.requireInVocabulary("generated token id", i, generatedTokenIds[i]);
        }
        Sequence sequence = new Sequence(request, prompt, generatedTokenIds, limits.maxContext(), endOfTextId);
        int mostBlocks = KvBlocks.blocksFor(sequence.mostPositions());
        long now = System.nanoTime();
        InFlight inFlight = new InFlight(priority, arrivals++, sequence, mostBlocks, now);
        if (sequence.isFinished()) {
            complete(inFlight, now);
        } else {
            admission.enqueue(inFlight);
        }
        return inFlight;
    }

    /**
     * Ends a request where it stands, with what it has generated so far; its place and memory are free at once.
     *
     * @return false if it had ended before
     * @throws IllegalArgumentException if it is another batch's
     */
    public boolean cancel(InFlight inFlight) {
        if (inFlight.hasEnded()) {
            return false;
        }
        if (!admission.dequeue(inFlight)) {
            removeRunning(inFlight);
            admission.retire(inFlight);
        }
        inFlight.sequence().cancel();
        complete(inFlight, System.nanoTime());
        return true;
    }

    private void removeRunning(InFlight inFlight) {
        int place = 0;
        while (place < runningCount && running[place] != inFlight) {
            place++;
        }
        if (place == runningCount) {
            throw new IllegalArgumentException("the request is in flight, but not in this batch");
        }
        System.arraycopy(running, place + 1, running, place, runningCount - place - 1);
        running[--runningCount] = null;
    }

    /** Requests that were admitted and not ended. */
    public int runningCount() {
        return runningCount;
    }

    /** Requests that have generated tokens and not ended: what a crash now would have to compute again. */
    public int partGeneratedCount() {
        int count = 0;
        for (int i = 0; i < runningCount; i++) {
            count += running[i].generatedCount() > 0 ? 1 : 0;
        }
        return count;
    }

    /** Requests that wait for a place or for room in the KV cache. */
    public int waitingCount() {
        return admission.waitingCount();
    }

    /** Whether as many requests are in flight, waiting ones included, as there are places. */
    public boolean isFull() {
        return runningCount + waitingCount() >= running.length;
    }

    /** Whether there is nothing to do; outcomes may still be waiting to be polled. */
    public boolean isIdle() {
        return runningCount + waitingCount() == 0;
    }

    /** All requests in flight: those that run in the order of their admission, then those that wait, the next one first. */
    public List<InFlight> inFlight() {
        List<InFlight> all = new ArrayList<>(runningCount + waitingCount());
        for (int i = 0; i < runningCount; i++) {
            all.add(running[i]);
        }
        all.addAll(admission.waiting());
        return all;
    }

    /**
     * The next request that ended, or null: in the order in which they ended, those of one step in the order of their
     * admission.
     */
    public BatchOutcome poll() {
        return outcomes.poll();
    }

    /**
     * Lets waiting requests enter, and runs one pass: a token for each decoding sequence, and a chunk of prompts. A sequence
     * whose logits are not numbers fails; the others go on.
     *
     * @return false if there was nothing to do
     */
    public boolean step() {
        admit();
        if (runningCount == 0) {
            return false;
        }
        int blocks = stepRows.fill(rows, running, runningCount);
        admission.prefixes().makeRoom(blocks);
        model.forward(rows, activations);
        metrics.stepped(rows.size(), stepRows.promptRows());
        for (int i = 0; i < runningCount; i++) {
            admission.registerPrompt(running[i]);
        }
        sample(System.nanoTime());
        rows.clear();
        return true;
    }

    private void admit() {
        while (runningCount < running.length) {
            InFlight next = admission.admitNext(running, runningCount, System.nanoTime());
            if (next == null) {
                return;
            }
            running[runningCount++] = next;
            metrics.admitted(next);
        }
    }

    /** Appends a token to each sequence that has caught up with its tokens, and closes the gaps that those leave that end. */
    private void sample(long now) {
        int logits = 0;
        int kept = 0;
        for (int i = 0; i < runningCount; i++) {
            InFlight inFlight = running[i];
            if (inFlight.pendingTokens() == 0) {
                sample(inFlight, activations.logitsOffset(logits++), now);
            }
            if (!inFlight.hasEnded()) {
                running[kept++] = inFlight;
            }
        }
        while (runningCount > kept) {
            running[--runningCount] = null;
        }
    }

    private void sample(InFlight inFlight, int logitsOffset, long now) {
        GenerationRequest request = inFlight.request();
        int before = inFlight.generatedCount();
        int tokenId;
        try {
            tokenId = sampler.sample(
                    activations.logits(), logitsOffset, request.sampling(), request.seed(), request.choice(), before);
        } catch (ArithmeticException e) {
            admission.retire(inFlight);
            inFlight.ended();
            outcomes.add(new BatchOutcome.Failed(inFlight, e));
            return;
        }
        inFlight.append(tokenId, now);
        if (inFlight.generatedCount() > before) {
            metrics.generated();
        }
        if (inFlight.sequence().isFinished()) {
            admission.retire(inFlight);
            complete(inFlight, now);
        }
    }

    private void complete(InFlight inFlight, long now) {
        String text = CompletionText.of(tokenizer, inFlight.generatedTokenIds());
        inFlight.ended();
        outcomes.add(new BatchOutcome.Completed(inFlight, inFlight.completion(text, now)));
    }
}
