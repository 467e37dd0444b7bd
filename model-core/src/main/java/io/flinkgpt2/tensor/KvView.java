package io.flinkgpt2.tensor;

/**
 * The place of the keys and values of one sequence in one layer, as the attention kernels read them. Owned by one thread, and
 * set anew for each row and layer.
 *
 * <p>Positions lie in blocks of {@value #BLOCK_POSITIONS}, and a block's keys in stripes of {@value #KEY_STRIPE}. A
 * <em>closed</em> stripe is transposed, {@code [heads][headSize][}{@value #KEY_STRIPE}{@code ]}, so that neighbouring positions
 * are neighbouring lanes. The last stripe of a sequence may be <em>open</em>: its positions lie in rows,
 * {@code [headSize][heads]} each, so that a few positions are a few lines of memory, and the heads are neighbouring lanes. The
 * values of a position are a row, {@code [heads][headSize]}.
 */
public final class KvView {

    /** Positions of one block of keys or values. */
    public static final int BLOCK_POSITIONS = 64;

    /**
     * Positions whose keys lie together within a block: a whole number of vectors of every width, and a line of the caches
     * for each element. A block that is not full yet is read from its beginning on, without gaps.
     */
    public static final int KEY_STRIPE = 16;

    final int allHeads;
    final int headSize;
    /** Floats of the keys, or of the values, of a position. */
    final int row;
    /** Floats of a stripe of keys. */
    final int stripe;

    float[][] blocks;
    int keysOffset;
    int valuesOffset;
    int positions;
    int closed;

    /** Creates a view of nothing yet, of a model with so many heads in a layer. */
    public KvView(int allHeads, int headSize) {
        this.allHeads = allHeads;
        this.headSize = headSize;
        this.row = allHeads * headSize;
        this.stripe = row * KEY_STRIPE;
    }

    /**
     * Looks at a sequence.
     *
     * @param keysAndValues blocks; up to 15 floats behind the last row of keys may be read
     * @param keysBegin where the first stripe of keys begins in each block
     * @param valuesBegin where the first row of values begins in each block
     * @param count positions that take part, from the first on, 1 or more
     * @param closedEnd the first position that does not lie in a closed stripe: a multiple of 16, less than 16 before
     *     {@code count}; or {@code count} or more
     */
    public void set(float[][] keysAndValues, int keysBegin, int valuesBegin, int count, int closedEnd) {
        this.blocks = keysAndValues;
        this.keysOffset = keysBegin;
        this.valuesOffset = valuesBegin;
        this.positions = count;
        this.closed = closedEnd;
    }

    /**
     * Returns where, in its block, the key of a head begins at a position of a closed stripe; its elements are a stripe apart.
     */
    int closedKey(int position, int head) {
        return keysOffset
                + position % BLOCK_POSITIONS / KEY_STRIPE * stripe
                + head * headSize * KEY_STRIPE
                + position % KEY_STRIPE;
    }

    /**
     * Returns where, in its block, the key of a head begins at a position of an open stripe; its elements are all heads apart.
     */
    int openKey(int position, int head) {
        return keysOffset + position % BLOCK_POSITIONS * row + head;
    }

    /** Returns where, in its block, the value of a head begins at a position. */
    int value(int position, int head) {
        return valuesOffset + position % BLOCK_POSITIONS * row + head * headSize;
    }
}
