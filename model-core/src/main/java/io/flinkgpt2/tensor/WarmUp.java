package io.flinkgpt2.tensor;

import java.util.concurrent.TimeUnit;

/** Rounds of small problems for all kernels of some kind, until the compiler has made them fast. */
final class WarmUp {

    /** A compiler that has not done it by then will not. */
    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(10);

    /** Rounds in succession that must be faster. */
    private static final int FAST_ROUNDS = 3;

    private static final int SIZE = 256;
    private static final int MOST_ROWS = 12;
    private static final int HEADS = 2;
    private static final int HEAD_SIZE = 64;
    private static final int POSITIONS = 3 * KvView.KEY_STRIPE - 6;

    private final Kernels reference;
    private final Kernels warmed;
    private final PackedMatrix weights;
    private final float[] x = ramp(MOST_ROWS * SIZE);
    private final float[] out = new float[MOST_ROWS * SIZE];
    private final float[] bias = ramp(SIZE);
    private final float[] logits = ramp(4096);
    private final float[] scratch = new float[Math.max(SIZE, Kernels.scoresScratch(HEADS, HEAD_SIZE))];
    private final float[] scores = new float[HEADS * KvView.BLOCK_POSITIONS];
    private final KvView kv = new KvView(HEADS, HEAD_SIZE);
    private int best;

    /**
     * @param reference kernels that the others must come to be faster than
     * @param precision of the weights
     */
    WarmUp(Kernels reference, Kernels warmed, Precision precision) {
        this.reference = reference;
        this.warmed = warmed;
        Float32Matrix matrix = new Float32Matrix(SIZE, SIZE);
        matrix.putInputMajor(ramp(SIZE * SIZE), SIZE * SIZE, 0);
        weights = warmed.product().pack(matrix, precision);
        int keys = KvView.BLOCK_POSITIONS * HEADS * HEAD_SIZE;
        kv.set(
                new float[][] {ramp(2 * keys + KvView.KEY_STRIPE)},
                0,
                keys,
                POSITIONS,
                POSITIONS / KvView.KEY_STRIPE * KvView.KEY_STRIPE);
    }

    private static float[] ramp(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (i % 101 - 50) / 50f;
        }
        return values;
    }

    /** Runs rounds until they are fast. */
    void run() {
        long start = System.nanoTime();
        int fast = 0;
        while (fast < FAST_ROUNDS && System.nanoTime() - start < MOST_NANOS) {
            fast = nanos(warmed) < nanos(reference) ? fast + 1 : 0;
        }
    }

    private long nanos(Kernels kernels) {
        long start = System.nanoTime();
        round(kernels);
        return System.nanoTime() - start;
    }

    private void round(Kernels kernels) {
        InputRows rows = kernels.product().rows(x.length);
        Epilogue epilogue = new Epilogue(kernels);
        for (int count = 1; count <= MOST_ROWS; count++) {
            rows.pack(x, SIZE, count, SIZE);
            kernels.product().multiply(out, SIZE, rows, weights, epilogue.of(bias));
            kernels.layerNorm(out, x, SIZE, count, SIZE, bias, bias, 1e-5f);
            kernels.activate(Activation.GELU_TANH, out, SIZE, count, 0, SIZE, scratch);
            kernels.add(out, SIZE, x, SIZE, count, 0, SIZE);
            kernels.attentionScores(scores, KvView.BLOCK_POSITIONS, x, 0, kv, 0, HEADS, 0.125f, scratch);
            for (int head = 0; head < HEADS; head++) {
                kernels.softmax(scores, head * KvView.BLOCK_POSITIONS, POSITIONS);
            }
            kernels.weightedValues(out, 0, scores, KvView.BLOCK_POSITIONS, kv, 0, HEADS);
            best = kernels.argMax(logits, 0, logits.length);
            kernels.exponentials(out, logits, 0, SIZE, logits[best], 1f);
        }
    }
}
