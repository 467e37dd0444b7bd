package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sequences that go on in different ways from the keys and values of one. */
class KvCacheForkTest {

    private static final int LONGEST = 150;

    private final Gpt2 model = Gpt2PropertiesTest.model(60, 3, Kernels.best());
    private final KvBlocks pool = new KvBlocks(model.config(), 40 * KvBlocks.blockBytes(model.config()));

    private int[] ids(int length, int seed) {
        return Passes.randomIds(model.config(), length, seed);
    }

    private static int[] joined(int[] first, int[] second) {
        return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
    }

    /** Appends tokens to a cache that holds those before, and checks the logits against a pass over all of them. */
    private void assertGoesOn(KvCache cache, int[] before, int[] more) {
        int[] all = joined(before, more);
        assertThat(cache.length()).isEqualTo(before.length);
        int held = pool.heldCount();
        int announced = cache.blocksToAppend(all.length);
        assertThat(Passes.lastLogits(model, cache, all, 7)).containsExactly(Passes.lastLogits(model, all));
        assertThat(pool.heldCount() - held).isBetween(0, announced);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 63, 64, 65, 100, 127, 128, 129})
    void rule3_5_aForkAndItsOriginGoOnWithTheBitsOfSequencesOfTheirOwn(int length) {
        int[] prompt = ids(length, 1);
        KvCache origin = new KvCache(pool, LONGEST);
        Passes.lastLogits(model, origin, prompt, 13);
        int before = pool.heldCount();
        KvCache first = origin.fork();
        KvCache second = origin.fork();
        assertThat(pool.heldCount()).as("a fork takes no block").isEqualTo(before);
        boolean partial = length % KvCache.BLOCK_POSITIONS != 0;
        assertThat(first.blocksToAppend(length + 1)).isEqualTo(1);

        assertGoesOn(first, prompt, ids(20, 2));
        assertGoesOn(origin, prompt, ids(9, 3));
        int three = pool.heldCount();
        assertGoesOn(second, prompt, ids(1, 4));
        assertThat(pool.heldCount() - three)
                .as("the last one has the block for itself, unless the others' positions filled one")
                .isEqualTo(partial ? 0 : 1);
        assertGoesOn(first, joined(prompt, ids(20, 2)), ids(1, 5));

        first.reset();
        assertGoesOn(second, joined(prompt, ids(1, 4)), ids(15, 6));
        second.reset();
        origin.reset();
        assertThat(pool.heldCount()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void rule3_5_aTreeOfForksNeitherLeaksNorMixesItsBranches(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        KvCache[] caches = new KvCache[6];
        int[][] tokens = new int[caches.length][];
        for (int i = 0; i < caches.length; i++) {
            caches[i] = new KvCache(pool, LONGEST);
            tokens[i] = new int[0];
        }
        for (int step = 0; step < 60; step++) {
            int i = random.nextInt(caches.length);
            int dice = random.nextInt(4);
            if (dice == 0 || tokens[i].length > LONGEST - 30) {
                int from = random.nextInt(caches.length);
                if (from != i) {
                    caches[i].reset();
                    caches[i] = caches[from].fork();
                    tokens[i] = tokens[from];
                }
            } else if (tokens[i].length < LONGEST - 30) {
                int[] more = ids(1 + random.nextInt(25), step);
                assertGoesOn(caches[i], tokens[i], more);
                tokens[i] = joined(tokens[i], more);
            }
        }
        for (KvCache cache : caches) {
            cache.reset();
        }
        assertThat(pool.heldCount()).isZero();
    }
}
