package io.flinkgpt2.validation;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.sampling.TokenScorer;
import java.util.concurrent.CancellationException;
import java.util.function.IntConsumer;

/**
 * How well a model foretells a text: e to the mean of {@code -log p(token | those before it in its window)}.
 *
 * <p>As the transformers library's guide "Perplexity of fixed-length models" does: windows of a fixed number of tokens begin
 * every {@code stride} tokens, the last one ends with the text, and of each only the tokens count that no window before it
 * held. Every token counts once, but for the first of the text, and those that begin a window with nothing before them
 * ({@code stride} = {@code window}). The mean is over the tokens, so that a short last window weighs what it has.
 *
 * @param tokens of the whole text
 * @param scoredTokens that the mean is over
 * @param windows number of passes over a window
 * @param window tokens of a window
 * @param stride tokens from window to window
 * @param negativeLogLikelihood the sum, natural logarithms
 */
public record Perplexity(
        int tokens, int scoredTokens, int windows, int window, int stride, double negativeLogLikelihood) {

    /** Rows of one pass, which bounds the memory of the logits. */
    private static final int CHUNK = 64;

    /** Returns the perplexity itself, 1 or more. */
    public double value() {
        return StrictMath.exp(nats());
    }

    /** Returns the mean negative log-likelihood of a token. */
    public double nats() {
        return negativeLogLikelihood / scoredTokens;
    }

    /** Bits for each byte of the text, which compares models with other vocabularies. */
    public double bitsPerByte(long bytes) {
        return negativeLogLikelihood / StrictMath.log(2) / bytes;
    }

    /**
     * Measures a text.
     *
     * @param tokenIds 2 or more
     * @param window 2..{@code n_positions}
     * @param stride 1..{@code window}
     * @param progress is told how many tokens of the text are done, after each window
     * @throws IllegalArgumentException if one of these is out of its range, or an id is outside of the vocabulary
     * @throws CancellationException if the thread is interrupted; it stays so
     */
    public static Perplexity of(Gpt2 model, int[] tokenIds, int window, int stride, IntConsumer progress) {
        int longest = model.config().contextLength();
        if (window < 2 || window > longest) {
            throw new IllegalArgumentException(
                    "max-context: found " + window + ", expected 2.." + longest + ", the n_positions of the model");
        }
        if (stride < 1 || stride > window) {
            throw new IllegalArgumentException(
                    "stride: found " + stride + ", expected 1.." + window + ", the tokens of a window");
        }
        if (tokenIds.length < 2) {
            throw new IllegalArgumentException(
                    "text: found " + tokenIds.length + " tokens, expected 2 or more, for the first is only context");
        }
        Scorer scorer = new Scorer(model, tokenIds, Math.min(window, tokenIds.length));
        int windows = 0;
        int end = 0;
        for (int begin = 0; end < tokenIds.length; begin += stride) {
            int counted = end;
            end = Math.min(begin + window, tokenIds.length);
            scorer.score(begin, end, counted);
            windows++;
            progress.accept(end);
        }
        return new Perplexity(tokenIds.length, scorer.scored, windows, window, stride, scorer.sum);
    }

    private static final class Scorer {

        private final Gpt2 model;
        private final int[] tokenIds;
        private final KvCache cache;
        private final RaggedBatch batch = new RaggedBatch(CHUNK);
        private final ForwardState state;
        private final TokenScorer scorer;

        private double sum;
        private int scored;

        Scorer(Gpt2 model, int[] tokenIds, int window) {
            this.model = model;
            this.tokenIds = tokenIds;
            this.cache = new KvCache(model.config(), window);
            this.state = new ForwardState(model, CHUNK, CHUNK, window);
            this.scorer = new TokenScorer(model.kernels(), model.config().vocabularySize());
        }

        /** Adds those tokens of a window that are not among the first {@code counted} of the text. */
        void score(int begin, int end, int counted) {
            cache.reset();
            // Nothing follows the last token, so it is not computed.
            for (int from = begin; from < end - 1; from += CHUNK) {
                if (Thread.currentThread().isInterrupted()) {
                    throw new CancellationException("measuring the perplexity was interrupted");
                }
                int to = Math.min(end - 1, from + CHUNK);
                batch.clear();
                for (int i = from; i < to; i++) {
                    batch.add(cache, i - begin, tokenIds[i], i + 1 >= counted);
                }
                model.forward(batch, state);
                int first = Math.max(from, counted - 1);
                for (int i = first; i < to; i++) {
                    sum -= scorer.logProbability(state.logits(), state.logitsOffset(i - first), tokenIds[i + 1]);
                    scored++;
                }
            }
        }
    }
}
