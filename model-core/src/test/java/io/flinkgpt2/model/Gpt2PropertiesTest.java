package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What must hold bit for bit, at sizes that are no multiple of a vector. */
class Gpt2PropertiesTest {

    private static final int LONGEST = 150; // more than two blocks of the cache

    /** Embedding size and head count; head sizes 1, 3, 5, 13, 12, 20, 32 and 69. */
    static Stream<Gpt2> models() {
        return Stream.of(
                        new int[] {1, 1},
                        new int[] {3, 1},
                        new int[] {5, 1},
                        new int[] {13, 1},
                        new int[] {48, 4},
                        new int[] {60, 3},
                        new int[] {96, 3},
                        new int[] {207, 3})
                .map(size -> model(size[0], size[1], Kernels.best()));
    }

    static Gpt2 model(int embeddingSize, int headCount, Kernels kernels) {
        Gpt2Config config = new Gpt2Config(
                97,
                LONGEST,
                embeddingSize,
                2,
                headCount,
                2 * embeddingSize + 1,
                Activation.GELU_TANH,
                1e-5f,
                true,
                false,
                true,
                OptionalInt.empty());
        try {
            return new Gpt2(config, Gpt2Weights.load(new RandomWeights(config, 7), config, Path.of("random")), kernels);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule3_5_cachedEqualsRecomputed(Gpt2 model) {
        int[] ids = Passes.randomIds(model.config(), LONGEST, 1);
        KvCache cache = new KvCache(model.config(), LONGEST);
        for (int n = 1; n <= LONGEST; n += n < 70 ? 1 : 13) {
            int[] prefix = Arrays.copyOf(ids, n);
            float[] cached = Passes.lastLogits(model, cache, prefix, n);
            assertThat(cached).as("after %d tokens", n).containsExactly(Passes.lastLogits(model, prefix));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule3_4_rule4_4_aPromptInChunksEqualsTheWhole(Gpt2 model) {
        int[] ids = Passes.randomIds(model.config(), LONGEST, 2);
        float[] whole = Passes.lastLogits(model, ids);
        for (int chunk : new int[] {1, 2, 3, 5, 13, 48, 60, 64, 96, 149}) {
            KvCache cache = new KvCache(model.config(), LONGEST);
            assertThat(Passes.lastLogits(model, cache, ids, chunk))
                    .as("chunks of %d", chunk)
                    .containsExactly(whole);
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void rule4_3_rule4_4_inABatchEqualsAlone(Gpt2 model) {
        int[] lengths = {1, 3, 5, 13, 48, 60, 64, 65, 96};
        int rows = Arrays.stream(lengths).sum();
        RaggedBatch batch = new RaggedBatch(rows);
        ForwardState a = new ForwardState(model, rows, lengths.length, LONGEST);
        int[][] prompts = new int[lengths.length][];
        KvCache[] caches = new KvCache[lengths.length];
        for (int s = 0; s < lengths.length; s++) {
            prompts[s] = Passes.randomIds(model.config(), lengths[s] + 1, s);
            caches[s] = new KvCache(model.config(), LONGEST);
            for (int p = 0; p < lengths[s]; p++) {
                batch.add(caches[s], p, prompts[s][p], p == lengths[s] - 1);
            }
        }
        model.forward(batch, a);
        for (int s = 0; s < lengths.length; s++) {
            float[] alone = Passes.lastLogits(model, Arrays.copyOf(prompts[s], lengths[s]));
            assertThat(Passes.logits(model, a, s))
                    .as("prompt of %d", lengths[s])
                    .containsExactly(alone);
        }
        // One decode row for each, all in one pass.
        batch.clear();
        for (int s = 0; s < lengths.length; s++) {
            batch.add(caches[s], lengths[s], prompts[s][lengths[s]], true);
        }
        model.forward(batch, a);
        for (int s = 0; s < lengths.length; s++) {
            assertThat(Passes.logits(model, a, s)).containsExactly(Passes.lastLogits(model, prompts[s]));
        }
    }

    @ParameterizedTest
    @MethodSource("models")
    void anyNumberOfThreadsGivesTheSameBits(Gpt2 model) {
        int[] ids = Passes.randomIds(model.config(), 70, 3);
        float[][] alone = Passes.allLogits(model, ids, null);
        for (int threads = 2; threads <= 4; threads++) {
            try (Workers workers = new Workers(threads)) {
                ForwardState a = new ForwardState(model, ids.length, ids.length, LONGEST, workers);
                for (int prefill : new int[] {1, 2, 7, 69}) {
                    KvCache cache = new KvCache(model.config(), LONGEST);
                    RaggedBatch batch = new RaggedBatch(ids.length);
                    for (int p = 0; p < prefill; p++) {
                        batch.add(cache, p, ids[p], true);
                    }
                    model.forward(batch, a);
                    for (int p = 0; p < prefill; p++) {
                        assertThat(Passes.logits(model, a, p)).containsExactly(alone[p]);
                    }
                    batch.clear();
                    batch.add(cache, prefill, ids[prefill], true);
                    model.forward(batch, a);
                    assertThat(Passes.logits(model, a, 0)).containsExactly(alone[prefill]);
                }
            }
        }
    }

    @Test
    void rule4_4_vectorEqualsScalarForEveryActivationFunctionAndSize() {
        for (int size : List.of(1, 3, 5, 13, 48, 60, 96, 207)) {
            Gpt2 vector = model(size, 1, Kernels.best());
            Gpt2 scalar = model(size, 1, Kernels.reference());
            int[] ids = Passes.randomIds(vector.config(), 70, size);
            assertThat(Passes.allLogits(vector, ids, null)).isDeepEqualTo(Passes.allLogits(scalar, ids, null));
        }
    }

    @Test
    void rule1_3_aBatchThatIsRefusedLeavesTheCachesAsTheyWere() {
        Gpt2 model = model(48, 4, Kernels.best());
        KvCache cache = new KvCache(model.config(), 4);
        ForwardState a = new ForwardState(model, 8, 1, LONGEST);
        RaggedBatch batch = new RaggedBatch(8);

        batch.add(cache, 0, 97, true);
        assertThatThrownBy(() -> model.forward(batch, a)).hasMessage("token id: found 97, expected 0..96");

        batch.clear();
        batch.add(cache, 1, 5, true);
        assertThatThrownBy(() -> model.forward(batch, a)).hasMessageContaining("does not follow on its sequence");

        batch.clear();
        for (int p = 0; p < 5; p++) {
            batch.add(cache, p, 5, false);
        }
        assertThatThrownBy(() -> model.forward(batch, a)).hasMessageContaining("position 4 does not fit");

        KvCache other = new KvCache(model.config(), 4);
        batch.clear();
        batch.add(cache, 0, 5, false);
        batch.add(other, 0, 5, false);
        batch.add(cache, 0, 5, false);
        assertThatThrownBy(() -> model.forward(batch, a)).hasMessageContaining("row 2 at position 0");

        batch.clear();
        batch.add(cache, 0, 5, true);
        batch.add(other, 0, 5, true);
        assertThatThrownBy(() -> model.forward(batch, a)).hasMessageContaining("2 with logits, does not fit");

        assertThat(cache.length()).isZero();
        assertThat(cache.byteSize()).isZero();
        batch.clear();
        batch.add(cache, 0, 5, true);
        model.forward(batch, a);
        assertThat(Passes.logits(model, a, 0)).containsExactly(Passes.lastLogits(model, new int[] {5}));
    }

    @Test
    void aCacheGrowsInBlocksAndItsPoolKeepsThemWhenItIsReset() {
        Gpt2 model = model(48, 4, Kernels.best());
        KvBlocks pool = new KvBlocks(model.config(), Long.MAX_VALUE);
        KvCache cache = new KvCache(pool, LONGEST);
        int[] ids = Passes.randomIds(model.config(), LONGEST, 3);
        long block = 4L * 2 * 2 * 48 * KvCache.BLOCK_POSITIONS;
        Passes.lastLogits(model, cache, Arrays.copyOf(ids, 64), 64);
        assertThat(cache.byteSize()).isEqualTo(block);
        Passes.lastLogits(model, cache, Arrays.copyOf(ids, 65), 64);
        assertThat(cache.byteSize()).isEqualTo(2 * block);
        cache.reset();
        assertThat(cache.length()).isZero();
        assertThat(cache.byteSize()).isZero();
        // What an earlier sequence left behind shows nowhere.
        assertThat(Passes.lastLogits(model, cache, Arrays.copyOf(ids, 30), 30))
                .containsExactly(Passes.lastLogits(model, Arrays.copyOf(ids, 30)));
        assertThat(cache.byteSize()).isEqualTo(block);
        assertThat(pool.allocatedBytes()).isEqualTo(2 * block);
    }
}
