package io.flinkgpt2.model;

import static io.flinkgpt2.model.GoldenComparison.KERNELS;
import static io.flinkgpt2.model.GoldenComparison.assertGreen;
import static io.flinkgpt2.model.GoldenComparison.assertRed;
import static io.flinkgpt2.model.GoldenComparison.pass;

import io.flinkgpt2.tensor.KvView;
import io.flinkgpt2.tensor.KvViews;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The pitfalls of {@link PitfallsTest} that lie in the attention: another scale, another causal range. */
class AttentionPitfallsTest {

    static final List<String> MODELS = GoldenModel.FOLDERS;
    /** Those whose scores are divided by the square root of the head size. */
    static final List<String> SCALED = List.of("tied-tanh", "untied-erf", "prefixed-half", "scaled-sharded-bf16");

    @ParameterizedTest
    @FieldSource("SCALED")
    void pitfallP3_scalingByTheEmbeddingSizeTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        float wrong = (float) Math.sqrt(1.0 / golden.config().headCount());
        assertRed(golden, pass(golden, new DelegatingKernels(KERNELS) {
            @Override
            public void attentionScores(
                    float[] scores,
                    int scoresStride,
                    float[] queries,
                    int queriesOffset,
                    KvView kv,
                    int firstHead,
                    int heads,
                    float scale,
                    float[] scratch) {
                super.attentionScores(
                        scores, scoresStride, queries, queriesOffset, kv, firstHead, heads, scale * wrong, scratch);
            }
        }));
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP7_aCausalRangeThatIsOneTooLongTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        assertGreen(golden, pass(golden, new CausalRange(0)));
        // Within the prompt that sees the token to come; at its end, a row that is not written yet.
        assertRed(golden, pass(golden, new CausalRange(1)));
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP7_aCausalRangeThatIsOneTooShortTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        assertRed(golden, pass(golden, new CausalRange(-1)));
    }

    /** Attention over the positions up to the query's and {@code more}, as long as they lie in one block of the cache. */
    private static final class CausalRange extends DelegatingKernels {
        private final int more;

        CausalRange(int more) {
            super(KERNELS);
            this.more = more;
        }

        @Override
        public void softmax(float[] x, int offset, int n) {
            super.softmax(x, offset, changed(n));
        }

        @Override
        public void weightedValues(
                float[] out, int outOffset, float[] weights, int weightsStride, KvView kv, int firstHead, int heads) {
            KvView seen = KvViews.withPositions(kv, changed(KvViews.positions(kv)));
            super.weightedValues(out, outOffset, weights, weightsStride, seen, firstHead, heads);
        }

        /** The first position has only itself. */
        private int changed(int n) {
            return n % KvCache.BLOCK_POSITIONS == 0 ? n : Math.max(1, n + more);
        }
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void pitfallP7_aCacheRowReadBeforeItIsWrittenTurnsTheGoldenComparisonRed(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        assertRed(golden, pass(golden, new DelegatingKernels(KERNELS) {
            @Override
            public void softmax(float[] x, int offset, int n) {
                // The query's own key is still zero, and so is its score.
                x[offset + n - 1] = 0;
                super.softmax(x, offset, n);
            }

            @Override
            public void weightedValues(
                    float[] out,
                    int outOffset,
                    float[] weights,
                    int weightsStride,
                    KvView kv,
                    int firstHead,
                    int heads) {
                // And its value.
                KvView before = KvViews.withPositions(kv, KvViews.positions(kv) - 1);
                super.weightedValues(out, outOffset, weights, weightsStride, before, firstHead, heads);
            }
        }));
    }
}
