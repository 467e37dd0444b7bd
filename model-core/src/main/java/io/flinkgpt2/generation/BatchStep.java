package io.flinkgpt2.generation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.sampling.Sampler;
import io.flinkgpt2.tensor.Workers;

/**
 * One step of the sequences of a {@link ContinuousBatch}: a pass through the model that they share, and a token for each that
 * has caught up with its tokens. Owns rows, scratch and sampler.
 *
 * <p>A shared pass that fails has appended nothing to any cache, and no bit depends on what is computed together; so the
 * same rows are then computed again, for each sequence alone, and only those end that fail alone.
 */
final class BatchStep {

    private final Gpt2 model;
    private final Admission admission;
    private final Outcomes outcomes;
    private final BatchMetrics metrics;
    private final StepRows stepRows;
    private final RaggedBatch rows;
    private final ForwardState activations;
    private final Sampler sampler;

    /** @param workers threads that share the work of a pass */
    BatchStep(
            Gpt2 model,
            BatchOptions options,
            Workers workers,
            Admission admission,
            Outcomes outcomes,
            BatchMetrics metrics) {
        Gpt2Config config = model.config();
        int maxRows = options.batchSize() + options.prefillChunk();
        this.model = model;
        this.admission = admission;
        this.outcomes = outcomes;
        this.metrics = metrics;
        this.stepRows = new StepRows(options.batchSize(), options.prefillChunk());
        this.rows = new RaggedBatch(maxRows);
        this.activations = new ForwardState(model, maxRows, options.batchSize(), options.maxContext(), workers);
        this.sampler = new Sampler(model.kernels(), config.vocabularySize());
    }

    /** Makes the step of the first {@code count} of {@code running}, 1 or more; those that end say so. */
    void run(InFlight[] running, int count) {
        RuntimeException failure = pass(stepRows.fill(rows, running, count));
        metrics.stepped(rows.size(), stepRows.promptRows());
        if (failure == null) {
            for (int i = 0; i < count; i++) {
                admission.registerPrompt(running[i]);
            }
            sample(running, count, System.nanoTime());
        } else {
            runAlone(running, count, failure);
        }
        rows.clear();
    }

    /**
     * @param blocks that the caches have to take for the rows
     * @return why it failed, or null
     */
    private RuntimeException pass(int blocks) {
        admission.prefixes().makeRoom(blocks);
        try {
            model.forward(rows, activations);
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    private void sample(InFlight[] running, int count, long now) {
        int logits = 0;
        for (int i = 0; i < count; i++) {
            if (running[i].pendingTokens() == 0) {
                sample(running[i], activations.logitsOffset(logits++), now);
            }
        }
    }

    private void runAlone(InFlight[] running, int count, RuntimeException failure) {
        boolean explained = false;
        for (int i = 0; i < count; i++) {
            InFlight inFlight = running[i];
            int blocks = stepRows.fillAlone(rows, inFlight, i);
            if (rows.size() == 0) {
                continue;
            }
            RuntimeException own = pass(blocks);
            if (own != null) {
                explained = true;
                admission.retire(inFlight);
                outcomes.fail(inFlight, own);
                continue;
            }
            admission.registerPrompt(inFlight);
            if (inFlight.pendingTokens() == 0) {
                sample(inFlight, activations.logitsOffset(0), System.nanoTime());
            }
        }
        metrics.sharedPassFailed(explained ? null : failure);
    }

    /** Appends a token to a sequence that has caught up with its tokens. */
    private void sample(InFlight inFlight, int logitsOffset, long now) {
        GenerationRequest request = inFlight.request();
        int before = inFlight.generatedCount();
        int tokenId;
        try {
            tokenId = sampler.sample(
                    activations.logits(), logitsOffset, request.sampling(), request.seed(), request.choice(), before);
        } catch (RuntimeException e) {
            admission.retire(inFlight);
            outcomes.fail(inFlight, e);
            return;
        }
        inFlight.append(tokenId, now);
        if (inFlight.generatedCount() > before) {
            metrics.generated();
        }
        if (inFlight.sequence().isFinished()) {
            admission.retire(inFlight);
            outcomes.complete(inFlight, now);
        }
    }
}
