package io.flinkgpt2.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Caches that share the blocks of one pool. */
class KvCacheTest {

    private static final int LONGEST = 150;
    private static final int BLOCK = KvCache.BLOCK_POSITIONS;

    private final Gpt2 model = Gpt2PropertiesTest.model(60, 3, Kernels.best());
    private final KvBlocks pool = new KvBlocks(model.config(), 20 * KvBlocks.blockBytes(model.config()));

    private KvCache cache() {
        return new KvCache(pool, LONGEST);
    }

    /** A cache that holds the keys and values of these tokens. */
    private KvCache filled(int[] ids) {
        KvCache cache = cache();
        Passes.lastLogits(model, cache, ids, 17);
        return cache;
    }

    @Test
    void rule3_5_aSequenceThatAdoptsAPrefixOfAnyLengthEqualsOneThatComputesIt() {
        int[] ids = Passes.randomIds(model.config(), LONGEST, 5);
        KvCache first = filled(ids);
        float[] expected = Passes.lastLogits(model, ids);
        for (int shared = 1; shared < LONGEST; shared++) {
            KvCache second = cache();
            // What another one left in the block must not shine through.
            filled(Passes.randomIds(model.config(), LONGEST, shared)).reset();
            for (int from = 0; from < shared; from += BLOCK) {
                if (shared - from >= BLOCK) {
                    second.adopt(first.sharedBlock(from / BLOCK));
                } else {
                    second.adoptCopy(first.sharedBlock(from / BLOCK), shared - from);
                }
            }
            assertThat(second.length()).isEqualTo(shared);
            assertThat(Passes.lastLogits(model, second, ids, 11))
                    .as("%d shared", shared)
                    .containsExactly(expected);
            second.reset();
        }
        assertThat(pool.heldCount()).isEqualTo(first.blockCount()).isEqualTo(3);
    }

    @Test
    void rule3_5_keysAndValuesAreTheSameWhateverTheChunksAndTheStripeTheyLieIn() {
        int[] ids = Passes.randomIds(model.config(), LONGEST, 3);
        KvCache whole = cache();
        Passes.lastLogits(model, whole, ids, LONGEST);
        for (int length : new int[] {1, 15, 16, 17, 31, 64, 65, 79, 80, 81, 127, 150}) {
            for (int chunk : new int[] {1, 7, 16, 23}) {
                KvCache cache = cache();
                Passes.lastLogits(model, cache, Arrays.copyOf(ids, length), chunk);
                for (int layer = 0; layer < model.config().layerCount(); layer++) {
                    assertThat(keysAndValues(cache, layer, length))
                            .as("%d positions in chunks of %d, layer %d", length, chunk, layer)
                            .containsExactly(keysAndValues(whole, layer, length));
                }
                cache.reset();
            }
        }
    }

    private float[] keysAndValues(KvCache cache, int layer, int positions) {
        int size = model.config().headSize();
        float[] floats = new float[positions * model.config().embeddingSize() * 2];
        int at = 0;
        for (int position = 0; position < positions; position++) {
            for (int head = 0; head < model.config().headCount(); head++) {
                for (int d = 0; d < size; d++) {
                    floats[at++] = cache.key(layer, head, position, d);
                    floats[at++] = cache.value(layer, head, position, d);
                }
            }
        }
        return floats;
    }

    @Test
    void aCopyIsUntouchedByWhatFollowsInEither() {
        int[] ids = Passes.randomIds(model.config(), 40, 1);
        int[] other = ids.clone();
        Arrays.setAll(other, i -> i < 30 ? ids[i] : (ids[i] + 1) % 97);
        KvCache first = filled(Arrays.copyOf(ids, 35));
        KvCache second = cache();
        second.adoptCopy(first.sharedBlock(0), 30);
        assertThat(Passes.lastLogits(model, second, other, 40)).containsExactly(Passes.lastLogits(model, other));
        assertThat(Passes.lastLogits(model, first, ids, 40)).containsExactly(Passes.lastLogits(model, ids));
    }

    @Test
    void aBlockIsFreeWhenTheLastOfItsHoldersLetsGo() {
        int[] ids = Passes.randomIds(model.config(), 70, 2);
        KvCache first = filled(ids);
        KvBlock block = first.sharedBlock(0);
        KvCache second = cache();
        second.adopt(block);
        pool.retain(block);
        assertThat(pool.heldCount()).isEqualTo(2);
        first.reset();
        assertThat(pool.heldCount()).isEqualTo(1);
        second.reset();
        assertThat(pool.heldCount()).isEqualTo(1);
        pool.release(block);
        assertThat(pool.heldCount()).isZero();
        assertThat(pool.availableCount()).isEqualTo(pool.capacity()).isEqualTo(20);
        assertThat(pool.allocatedBytes()).isEqualTo(2 * KvBlocks.blockBytes(model.config()));
        assertThatIllegalStateException()
                .isThrownBy(() -> pool.release(block))
                .withMessageContaining("a KV-cache block that nobody holds");
        assertThatIllegalStateException().isThrownBy(() -> pool.retain(block));
    }

    @Test
    void aDuplicateBlockIsReplacedWithoutAChange() {
        int[] ids = Passes.randomIds(model.config(), 100, 2);
        KvCache first = filled(ids);
        KvCache second = filled(Arrays.copyOf(ids, 90));
        assertThat(pool.heldCount()).isEqualTo(4);
        second.replace(0, first.sharedBlock(0));
        assertThat(pool.heldCount()).isEqualTo(3);
        assertThat(Passes.lastLogits(model, second, ids, 10)).containsExactly(Passes.lastLogits(model, ids));
        assertThatThrownBy(() -> second.replace(1, first.sharedBlock(1)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("block 1 is not full in a cache of length 100");
    }

    @Test
    void whatCannotBeAdoptedIsRefused() {
        KvCache first = filled(Passes.randomIds(model.config(), LONGEST, 2));
        KvBlock block = first.sharedBlock(0);
        KvCache second = cache();
        assertThatThrownBy(() -> first.sharedBlock(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> second.adoptCopy(block, 0))
                .withMessage("positions of a block: found 0, expected 1..64");
        assertThatIllegalArgumentException().isThrownBy(() -> second.adoptCopy(block, 65));
        second.adoptCopy(block, 10);
        assertThatIllegalStateException()
                .isThrownBy(() -> second.adopt(block))
                .withMessageContaining("a cache of 10 positions in 1 blocks cannot adopt any");
        assertThatIllegalStateException().isThrownBy(() -> second.adoptCopy(block, 1));
        KvCache third = cache();
        third.adopt(block);
        third.adopt(block);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> third.adoptCopy(block, LONGEST - 127))
                .withMessage("position 150 does not fit a KV cache of 150 positions");
        assertThat(pool.heldCount()).isEqualTo(4);
    }

    @Test
    void aPoolThatIsUsedUpSaysSo() {
        KvBlocks small = new KvBlocks(model.config(), 2 * KvBlocks.blockBytes(model.config()) + 1);
        assertThat(small.capacity()).isEqualTo(2);
        KvCache cache = new KvCache(small, LONGEST);
        assertThatIllegalStateException()
                .isThrownBy(() -> cache.ensure(129))
                .withMessageContaining("all 2 blocks of the KV cache are held");
        cache.reset();
        cache.ensure(128);
        assertThat(small.availableCount()).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvBlocks(model.config(), KvBlocks.blockBytes(model.config()) - 1))
                .withMessageContaining("bytes for the KV cache: found 61439, expected at least 61440");
        assertThatIllegalArgumentException().isThrownBy(() -> new KvCache(small, LONGEST + 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new KvCache(small, 0));
    }
}
