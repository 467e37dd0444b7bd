package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

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

    private final PromptLimits limits;
    private final BatchOptions options;
    private final IntPredicate endOfText;
    private final Admission admission;
    private final BatchMetrics metrics;
    private final Outcomes outcomes;
    private final BatchStep step;
    /** In the order of admission. */
    private final InFlight[] running;

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
        Gpt2Config config = pretrained.config();
        this.options = options;
        this.limits = new PromptLimits(config, options.maxContext());
        this.endOfText = config::isEndOfText;
        long least = KvBlocks.blocksFor(options.maxContext()) * KvBlocks.blockBytes(config);
        if (options.kvCacheBytes() < least) {
            throw new IllegalArgumentException(
                    "kv-cache.bytes: found " + options.kvCacheBytes() + ", expected at least "
                            + least + ", what one sequence with a max-context of " + options.maxContext()
                            + " takes in this model; raise it or lower max-context");
        }
        KvBlocks pool = new KvBlocks(config, options.kvCacheBytes());
        this.admission = new Admission(pool, options);
        this.metrics = new BatchMetrics(pool, admission);
        this.outcomes = new Outcomes(pretrained.tokenizer());
        this.step = new BatchStep(pretrained.model(), options, workers, admission, outcomes, metrics);
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
        Sequence sequence = new Sequence(request, prompt, generatedTokenIds, limits.maxContext(), endOfText);
        int mostBlocks = KvBlocks.blocksFor(sequence.mostPositions());
        long now = System.nanoTime();
        InFlight inFlight = new InFlight(priority, arrivals++, sequence, mostBlocks, now);
        if (sequence.isFinished()) {
            outcomes.complete(inFlight, now);
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
        outcomes.complete(inFlight, System.nanoTime());
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
     * Lets waiting requests enter, and runs one pass: a token for each decoding sequence, and a chunk of prompts.
     *
     * <p>A sequence that throws fails alone: in the pass, when its token is chosen (its logits may be no numbers), or when its
     * tokens become text. If the pass that all share throws, each is computed alone in this step, with the same bits; see
     * {@link BatchMetrics#failedPasses}. What is thrown here is an {@link Error}, or says that the batch's own books are
     * wrong, its queue or its KV cache; it must not be used any more then.
     *
     * @return false if there was nothing to do
     */
    public boolean step() {
        admit();
        if (runningCount == 0) {
            return false;
        }
        step.run(running, runningCount);
        removeEnded();
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

    /** Closes the gaps that those leave that ended. */
    private void removeEnded() {
        int kept = 0;
        for (int i = 0; i < runningCount; i++) {
            InFlight inFlight = running[i];
            if (!inFlight.hasEnded()) {
                running[kept++] = inFlight;
            }
        }
        while (runningCount > kept) {
            running[--runningCount] = null;
        }
    }
}
