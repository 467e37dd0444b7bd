package io.flinkgpt2.sampling;

/** The few best tokens of a row of logits, best first: by logit descending, then by id ascending. */
final class BestTokens {
    private final int[] ids;
    private final float[] logits;
    private int size;

    /** @param most maximum number of tokens that are selected */
    BestTokens(int most) {
        this.ids = new int[most];
        this.logits = new float[most];
    }

    /**
     * Selects by insertion, in one pass.
     *
     * @param row {@code n} floats from {@code offset}, none of them NaN
     * @param count number of tokens to select; at most {@code n} are
     */
    void select(float[] row, int offset, int n, int count) {
        size = 0;
        int id = 0;
        for (; id < n && size < count; id++) {
            size++;
            insert(id, row[offset + id]);
        }
        if (size == 0) {
            return;
        }
        float worst = logits[size - 1];
        for (; id < n; id++) {
            // Of equal ones those before it have lower ids.
            if (row[offset + id] > worst) {
                insert(id, row[offset + id]);
                worst = logits[size - 1];
            }
        }
    }

    /** Puts a token in its place; the last one falls out. */
    private void insert(int id, float logit) {
        int place = size - 1;
        for (; place > 0 && logit > logits[place - 1]; place--) {
            ids[place] = ids[place - 1];
            logits[place] = logits[place - 1];
        }
        ids[place] = id;
        logits[place] = logit;
    }

    int size() {
        return size;
    }

    /** Returns the id of a rank, from 0. */
    int id(int rank) {
        return ids[rank];
    }

    /** Returns the logit of a rank, from 0. */
    float logit(int rank) {
        return logits[rank];
    }
}
