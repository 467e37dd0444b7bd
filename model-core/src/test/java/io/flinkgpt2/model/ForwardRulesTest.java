package io.flinkgpt2.model;

import static io.flinkgpt2.model.GoldenComparison.KERNELS;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.ForwardObserver.Stage;
import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.PackedMatrix;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** What the forward pass promises bit for bit, on the golden models. */
class ForwardRulesTest {

    static final List<String> MODELS = GoldenModel.FOLDERS;

    /** Keeps what one stage of the first block shows, rows without gaps. */
    private static final class Rows implements ForwardObserver {
        private final Stage stage;
        private float[] dense;

        Rows(Stage stage) {
            this.stage = stage;
        }

        @Override
        public void rows(Stage shown, int layer, float[] data, int rows, int columns, int stride) {
            if (shown == stage && layer == 0) {
                dense = new float[rows * columns];
                for (int r = 0; r < rows; r++) {
                    System.arraycopy(data, r * stride, dense, r * columns, columns);
                }
            }
        }

        @Override
        public void scores(int layer, int row, int head, int position, float[] scores) {
            // not looked at
        }
    }

    /** Runs the tokens from {@code cache.length()} on in one pass. */
    private static void forward(Gpt2 model, KvCache cache, int[] tokenIds, ForwardObserver observer) {
        RaggedBatch batch = new RaggedBatch(tokenIds.length);
        for (int p = cache.length(); p < tokenIds.length; p++) {
            batch.add(cache, p, tokenIds[p], p == tokenIds.length - 1);
        }
        ForwardState a = new ForwardState(model, tokenIds.length, 1, tokenIds.length);
        model.forward(batch, a, observer);
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void rule2_5_anEmbeddingIsThatOfTheTokenPlusThatOfThePositionCountedOnWhileDecoding(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        Gpt2 model = golden.model(KERNELS);
        int n = golden.config().embeddingSize();
        int[] ids = Passes.randomIds(golden.config(), 20, 1);
        KvCache cache = new KvCache(golden.config(), 20);
        for (int end : new int[] {7, 8, 9, 20}) {
            int start = cache.length();
            Rows embedding = new Rows(Stage.EMBEDDING);
            forward(model, cache, Arrays.copyOf(ids, end), embedding);
            float[] expected = new float[(end - start) * n];
            for (int i = 0; i < expected.length; i++) {
                int position = start + i / n;
                expected[i] = golden.weights().tokenEmbedding().get(i % n, ids[position])
                        + golden.weights().positionEmbedding()[position * n + i % n];
            }
            assertThat(embedding.dense).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void rule3_4_aTokenChangesTheLogitsFromItsPositionOnAndNoneBefore(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        Gpt2 model = golden.model(KERNELS);
        int[] ids = Passes.randomIds(golden.config(), 25, 2);
        float[][] before = Passes.allLogits(model, ids, null);
        for (int changed : new int[] {0, 1, 12, 24}) {
            int[] others = ids.clone();
            others[changed] = (ids[changed] + 1) % golden.config().vocabularySize();
            float[][] after = Passes.allLogits(model, others, null);
            for (int p = 0; p < ids.length; p++) {
                assertThat(Arrays.equals(after[p], before[p]))
                        .as("token %d changed, logits of %d", changed, p)
                        .isEqualTo(p < changed);
            }
        }
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void point3_theCacheIsBitEqualToTheKeysAndValuesOfTheProjection(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        Gpt2Config config = golden.config();
        int n = config.embeddingSize();
        int[] ids = Passes.randomIds(config, 9, 3);
        KvCache cache = new KvCache(config, ids.length);
        Rows qkv = new Rows(Stage.QKV);
        forward(golden.model(KERNELS), cache, ids, qkv);
        for (int p = 0; p < ids.length; p++) {
            float[] keys = new float[n];
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                keys[i] = cache.key(0, i / config.headSize(), p, i % config.headSize());
                values[i] = cache.value(0, i / config.headSize(), p, i % config.headSize());
            }
            int row = p * 3 * n;
            assertThat(keys).containsExactly(Arrays.copyOfRange(qkv.dense, row + n, row + 2 * n));
            assertThat(values).containsExactly(Arrays.copyOfRange(qkv.dense, row + 2 * n, row + 3 * n));
        }
    }

    @ParameterizedTest
    @FieldSource("MODELS")
    void rule3_8_logitsOfAPromptAreComputedForItsLastPositionOnly(String folder) {
        GoldenModel golden = GoldenModel.open(folder);
        int[] rowsOfLogits = {0};
        Gpt2 model = golden.model(new DelegatingKernels(KERNELS) {
            @Override
            protected void multiply(
                    float[] out,
                    int outStride,
                    InputRows x,
                    PackedMatrix w,
                    Epilogue epilogue,
                    int firstPanel,
                    int endPanel) {
                rowsOfLogits[0] += w == golden.weights().lmHead() && firstPanel == 0 ? x.rows() : 0;
                super.multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
            }
        });
        int[] ids = Passes.randomIds(golden.config(), 21, 4);
        for (int chunk : new int[] {1, 4, 21}) {
            rowsOfLogits[0] = 0;
            Passes.lastLogits(model, new KvCache(golden.config(), ids.length), ids, chunk);
            assertThat(rowsOfLogits[0]).as("chunks of %d", chunk).isEqualTo(1);
        }
    }
}
