package io.flinkgpt2.generation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.sampling.BeamCandidates;
import io.flinkgpt2.sampling.SampledToken;
import io.flinkgpt2.sampling.Sampler;
import io.flinkgpt2.tensor.Workers;

/**
 * One step of the sequences that a {@link Scheduler} runs: a pass through the model that they share, a token for each that has
 * caught up with its tokens, and scores of known tokens where they are wanted. Owns the rows, scratch and sampler.
 *
 * <p>A shared pass that fails has appended nothing to any cache, and no bit depends on what is computed together; so the
 * same rows are then computed again, for each sequence alone, and only those end that fail alone.
 */
final class ModelRunner {

    private final Gpt2 model;
    private final Scheduler scheduler;
    private final KvCacheManager kvCache;
    private final Outcomes outcomes;
    private final BatchMetrics metrics;
    private final RaggedBatch rows;
    private final ForwardState forwardState;
    private final Sampler sampler;
    private final BeamCandidates beamCandidates;

    /** @param workers threads that share the work of a pass */
    ModelRunner(
            Gpt2 model,
            BatchOptions options,
            Workers workers,
            Scheduler scheduler,
            KvCacheManager kvCache,
            Outcomes outcomes,
            BatchMetrics metrics) {
        Gpt2Config config = model.config();
        int mostRunning = Scheduler.mostRunning(options);
        int maxRows = mostRunning + options.prefillChunk();
        this.model = model;
        this.scheduler = scheduler;
        this.kvCache = kvCache;
        this.outcomes = outcomes;
        this.metrics = metrics;
        this.rows = new RaggedBatch(maxRows);
        this.forwardState =
                new ForwardState(model, maxRows, mostRunning + StepRows.SCORED_ROWS, options.maxContext(), workers);
        this.sampler = new Sampler(model.kernels(), config.vocabularySize());
        this.beamCandidates = new BeamCandidates(model.kernels(), config.vocabularySize());
    }

    /** Makes a step of the running sequences, 1 or more; hands over those that end. */
    void step() {
        RuntimeException failure = pass(scheduler.fill(rows));
        metrics.stepped(rows.size(), scheduler.promptRows());
        if (failure == null) {
            for (int i = 0; i < scheduler.runningCount(); i++) {
                kvCache.registerPrompt(scheduler.running(i));
            }
            takeAll(System.nanoTime());
        } else {
            stepAlone(failure);
        }
        rows.clear();
    }

    /**
     * @param blocks number of blocks that the caches have to take for the rows
     * @return why it failed, or null
     */
    private RuntimeException pass(int blocks) {
        kvCache.makeRoom(blocks);
        try {
            model.forward(rows, forwardState);
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private void takeAll(long now) {
        int logits = 0;
        for (int i = 0; i < scheduler.runningCount(); i++) {
            take(i, logits, now);
            logits += scheduler.logitsOf(i);
        }
        advanceBeams(now);
    }

    /**
     * Scores the tokens that are known, and chooses the next one of a sequence that has caught up with its tokens. Whatever it
     * throws ends that one alone.
     *
     * @param index of the sequence among the running ones
     * @param firstLogits its first row of logits, if it has any
     */
    private void take(int index, int firstLogits, long now) {
        Sequence sequence = scheduler.running(index);
        if (sequence.hasEnded()) {
            return; // as a beam, with another one of its search
        }
        try {
            int end = sequence.cache.keysAndValues.length();
            int logits = firstLogits;
            for (int position = end - scheduler.rowsOf(index); position < end; position++) {
                if (sequence.wantsLogits(position)) {
                    take(sequence, position, forwardState.logitsOffset(logits++), now);
                }
            }
            if (sequence.isFinished() && sequence.search == null && sequence.pendingTokens() <= 0) {
                kvCache.release(sequence);
                outcomes.complete(sequence, now);
            }
        } catch (RuntimeException e) {
            fail(sequence, e);
        }
    }

    private void take(Sequence sequence, int position, int logitsOffset, long now) {
        if (position + 1 < sequence.length()) {
            sampler.scorer()
                    .score(
                            forwardState.logits(),
                            logitsOffset,
                            sequence.tokenId(position + 1),
                            sequence.scores().of(position + 1));
        } else if (sequence.search != null) {
            sequence.search.collect(sequence, forwardState.logits(), logitsOffset, beamCandidates, sampler.scorer());
        } else {
            sample(sequence, logitsOffset, now);
        }
    }

    private void sample(Sequence sequence, int logitsOffset, long now) {
        int before = sequence.generatedCount();
        SampledToken token = sampler.sample(
                forwardState.logits(),
                logitsOffset,
                sequence.processors(),
                sequence.parameters(),
                sequence.choice(),
                before,
                sequence.scores().generated());
        sequence.append(token.id(), now);
        if (sequence.generatedCount() > before) {
            metrics.generated();
        }
    }

    /** Lets each beam search go on whose beams have their continuations. */
    private void advanceBeams(long now) {
        for (int i = 0; i < scheduler.runningCount(); i++) {
            BeamSearch search = scheduler.running(i).search;
            if (search != null && search.isReady()) {
                advance(search, now);
            }
        }
    }

    private void advance(BeamSearch search, long now) {
        Sequence first = search.beams().get(0);
        try {
            search.advance(now);
            if (search.isDecided()) {
                kvCache.release(first);
                outcomes.complete(search, now);
            } else {
                metrics.generated();
                scheduler.replaceBeams(search);
            }
        } catch (RuntimeException e) {
            fail(first, e);
        }
    }

    /** Makes the step that failed again, sequence by sequence. */
    private void stepAlone(RuntimeException failure) {
        boolean explained = false;
        for (int i = 0; i < scheduler.runningCount(); i++) {
            Sequence sequence = scheduler.running(i);
            int blocks = sequence.hasEnded() ? 0 : scheduler.fillAlone(rows, i);
            if (sequence.hasEnded() || rows.size() == 0) {
                continue;
            }
            RuntimeException own = pass(blocks);
            if (own != null) {
                explained = true;
                fail(sequence, own);
                continue;
            }
            kvCache.registerPrompt(sequence);
            take(i, 0, System.nanoTime());
        }
        advanceBeams(System.nanoTime());
        metrics.sharedPassFailed(explained ? null : failure);
    }

    private void fail(Sequence sequence, RuntimeException cause) {
        kvCache.release(sequence);
        outcomes.fail(sequence, cause);
    }
}
