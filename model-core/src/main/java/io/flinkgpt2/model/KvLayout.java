package io.flinkgpt2.model;

import io.flinkgpt2.tensor.KvView;

/**
 * The layout of a block of a KV cache: where the keys and values of its positions lie, and how they get there.
 *
 * <p>For each layer a block holds its keys, then its values. The keys lie in stripes of {@value #KEY_STRIPE} positions,
 * transposed once all of them are there, {@code [stripe][head][headSize][position]}, so that the scores of neighbouring
 * positions are neighbouring lanes, and all keys that a step reads lie one behind the other. The last stripe is open until
 * then: its positions lie in rows, {@code [position][headSize][head]}. The values are always in rows,
 * {@code [position][head][headSize]}. Used by one thread at a time, but for the offsets.
 */
final class KvLayout {

    static final int BLOCK_POSITIONS = KvView.BLOCK_POSITIONS;
    static final int KEY_STRIPE = KvView.KEY_STRIPE;

    private final int layerCount;
    private final int headCount;
    private final int headSize;
    /** Floats of the keys, or of the values, of a position. */
    private final int row;
    /** Room for the keys of a stripe on their way. */
    private final float[] stripe;

    KvLayout(Gpt2Config config) {
        this.layerCount = config.layerCount();
        this.headCount = config.headCount();
        this.headSize = config.headSize();
        this.row = headCount * headSize;
        this.stripe = new float[row * KEY_STRIPE];
    }

    /**
     * Stores the key and the value of one position. Positions of a block come in order, but those that no cache counts yet
     * may come again.
     *
     * @param slot position within the block
     * @param qkv holds query, key and value, {@code n_embd} floats each, from {@code offset}
     */
    void write(KvBlock block, int layer, int slot, float[] qkv, int offset) {
        int keys = offset + row;
        if (slot < block.closedStripes[layer] * KEY_STRIPE) {
            // Written again, or behind the copy of a prefix.
            for (int head = 0; head < headCount; head++) {
                int to = closedKey(layer, head, slot);
                for (int d = 0; d < headSize; d++, to += KEY_STRIPE) {
                    block.floats[to] = qkv[keys + head * headSize + d];
                }
            }
        } else {
            int to = openKey(layer, slot);
            for (int d = 0; d < headSize; d++) {
                for (int head = 0; head < headCount; head++) {
                    block.floats[to++] = qkv[keys + head * headSize + d];
                }
            }
            if (slot % KEY_STRIPE == KEY_STRIPE - 1) {
                close(block, layer, slot / KEY_STRIPE);
            }
        }
        System.arraycopy(qkv, keys + row, block.floats, valueRow(layer, slot), row);
    }

    /** Transposes the keys of an open stripe that is full. */
    private void close(KvBlock block, int layer, int index) {
        int to = openKey(layer, index * KEY_STRIPE);
        System.arraycopy(block.floats, to, stripe, 0, stripe.length);
        for (int head = 0; head < headCount; head++) {
            for (int element = head; element < row; element += headCount) {
                for (int i = element; i < stripe.length; i += row) {
                    block.floats[to++] = stripe[i];
                }
            }
        }
        block.closedStripes[layer] = index + 1;
    }

    /** Copies the keys and values of the first positions of a block. */
    void copy(KvBlock from, KvBlock to, int positions) {
        // Whole stripes: what is behind the positions is overwritten before it is read.
        int stripes = (positions + KEY_STRIPE - 1) / KEY_STRIPE;
        for (int layer = 0; layer < layerCount; layer++) {
            int keys = keysOffset(layer);
            System.arraycopy(from.floats, keys, to.floats, keys, stripes * stripe.length);
            to.closedStripes[layer] = Math.min(stripes, from.closedStripes[layer]);
            int values = valueRow(layer, 0);
            System.arraycopy(from.floats, values, to.floats, values, positions * row);
        }
    }

    /** Element {@code d} of the key of {@code head} at a position of the block; for looking into it. */
    float key(KvBlock block, int layer, int head, int slot, int d) {
        int element = slot < block.closedStripes[layer] * KEY_STRIPE
                ? closedKey(layer, head, slot) + d * KEY_STRIPE
                : openKey(layer, slot) + d * headCount + head;
        return block.floats[element];
    }

    /** Element {@code d} of the value of {@code head} at a position of the block; for looking into it. */
    float value(KvBlock block, int layer, int head, int slot, int d) {
        return block.floats[valueRow(layer, slot) + head * headSize + d];
    }

    /** Returns where the keys of a layer begin in every block. */
    int keysOffset(int layer) {
        return 2 * layer * BLOCK_POSITIONS * row;
    }

    /** Returns where the values of a layer begin in every block. */
    int valuesOffset(int layer) {
        return valueRow(layer, 0);
    }

    /**
     * Returns where the key of a block's {@code slot}-th position begins in a closed stripe; its elements are a stripe apart.
     */
    private int closedKey(int layer, int head, int slot) {
        return keysOffset(layer) + slot / KEY_STRIPE * stripe.length + head * headSize * KEY_STRIPE + slot % KEY_STRIPE;
    }

    /** Returns where the row of a block's {@code slot}-th position begins in an open stripe. */
    private int openKey(int layer, int slot) {
        return keysOffset(layer) + slot * row;
    }

    /** Returns where the values of a block's {@code slot}-th position begin. */
    private int valueRow(int layer, int slot) {
        return ((2 * layer + 1) * BLOCK_POSITIONS + slot) * row;
    }
}
