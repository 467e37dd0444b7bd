package io.flinkgpt2.generation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.sampling.SampledToken;
import io.flinkgpt2.sampling.Sampler;
import io.flinkgpt2.tensor.Workers;

/**
 * One step of the sequences that a {@link Scheduler} runs: a pass through the model that they share, and a token for each that
 * has caught up with its tokens. Owns the rows, scratch and sampler.
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
        int maxRows = options.batchSize() + options.prefillChunk();
        this.model = model;
        this.scheduler = scheduler;
        this.kvCache = kvCache;
        this.outcomes = outcomes;
        this.metrics = metrics;
        this.rows = new RaggedBatch(maxRows);
        this.forwardState = new ForwardState(model, maxRows, options.batchSize(), options.maxContext(), workers);
        this.sampler = new Sampler(model.kernels(), config.vocabularySize());
    }

    /** Makes a step of the running sequences, 1 or more; hands over those that end. */
    void step() {
        RuntimeException failure = pass(scheduler.fill(rows));
        metrics.stepped(rows.size(), scheduler.promptRows());
        if (failure == null) {
            for (int i = 0; i < scheduler.runningCount(); i++) {
                kvCache.registerPrompt(scheduler.running(i));
            }
            sampleAll(System.nanoTime());
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

    private void sampleAll(long now) {
        int logits = 0;
        for (int i = 0; i < scheduler.runningCount(); i++) {
            Sequence sequence = scheduler.running(i);
            if (sequence.pendingTokens() == 0) {
                sample(sequence, forwardState.logitsOffset(logits++), now);
            }
        }
    }

    /** Makes the step that failed again, sequence by sequence. */
    private void stepAlone(RuntimeException failure) {
        boolean explained = false;
        for (int i = 0; i < scheduler.runningCount(); i++) {
            Sequence sequence = scheduler.running(i);
            int blocks = scheduler.fillAlone(rows, i);
            if (rows.size() == 0) {
                continue;
            }
            RuntimeException own = pass(blocks);
            if (own != null) {
                explained = true;
                fail(sequence, own);
                continue;
            }
            kvCache.registerPrompt(sequence);
            if (sequence.pendingTokens() == 0) {
                sample(sequence, forwardState.logitsOffset(0), System.nanoTime());
            }
        }
        metrics.sharedPassFailed(explained ? null : failure);
    }

    /** Chooses the next token of a sequence that has caught up with its tokens. Whatever it throws ends that one alone. */
    private void sample(Sequence sequence, int logitsOffset, long now) {
        int before = sequence.generatedCount();
        try {
            SampledToken token = sampler.sample(
                    forwardState.logits(),
                    logitsOffset,
                    sequence.processors(),
                    sequence.parameters(),
                    sequence.choice(),
                    before);
            sequence.append(token, now);
        } catch (RuntimeException e) {
            fail(sequence, e);
            return;
        }
        if (sequence.generatedCount() > before) {
            metrics.generated();
        }
        if (sequence.isFinished()) {
            kvCache.release(sequence);
            outcomes.complete(sequence, now);
        }
    }

    private void fail(Sequence sequence, RuntimeException cause) {
        kvCache.release(sequence);
        outcomes.fail(sequence, cause);
    }
}
