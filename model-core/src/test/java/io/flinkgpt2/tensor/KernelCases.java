package io.flinkgpt2.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Runs every kernel over odd and even sizes and keeps all bits that came out, so that two implementations, or two JVMs,
 * can be compared.
 */
final class KernelCases {

    /** Sizes around and off the vector widths; 96 and 60 are head and model sizes of real test models. */
    static final int[] SIZES = {1, 3, 5, 13, 16, 48, 60, 64, 96, 207};

    private final Kernels kernels;
    private final List<String> names = new ArrayList<>();
    private final List<float[]> results = new ArrayList<>();

    private KernelCases(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Names and results, in the same order for every implementation. */
    static KernelCases run(Kernels kernels) {
        KernelCases cases = new KernelCases(kernels);
        cases.products();
        cases.rows();
        cases.attention();
        return cases;
    }

    List<String> names() {
        return names;
    }

    float[] result(int i) {
        return results.get(i);
    }

    /** One hexadecimal number over all bits, for comparing JVMs by their output. */
    String digest() {
        long hash = 0xcbf29ce484222325L;
        for (float[] result : results) {
            for (float value : result) {
                hash = (hash ^ Float.floatToRawIntBits(value)) * 0x100000001b3L;
            }
        }
        return Long.toHexString(hash);
    }

    private void keep(String name, float[] result) {
        names.add(name);
        results.add(result);
    }

    private void products() {
        for (int inputs : SIZES) {
            for (int outputs : SIZES) {
                for (Precision precision : Precision.values()) {
                    products(pack(randomMatrix(inputs, outputs), precision));
                }
            }
        }
    }

    private void products(PackedMatrix w) {
        int stride = PackedMatrix.padded(w.outputs());
        int xStride = w.inputs() + 1;
        float[] bias = random(31, stride, 1);
        for (int rows : new int[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 13, 16, 21, 35}) {
            PackedRows packed = PackedRows.of(random(rows, rows * xStride, 2), xStride, rows, w.inputs());
            float[] out = new float[rows * stride];
            String name = "multiply " + rows + " rows by " + w;
            multiply(kernels, out, stride, packed, w, bias);
            keep(name, out);
            out = new float[rows * stride];
            multiply(kernels, out, stride, packed, w, null);
            keep(name + " without bias", out);
            out = new float[rows * stride];
            int panel = w.panelCount() / 2;
            multiply(kernels, out, stride, packed, w, bias, panel, w.panelCount());
            keep(name + " from panel " + panel + " on", out);
        }
    }

    private void rows() {
        for (int n : SIZES) {
            int rows = 3;
            int stride = n + 5;
            float[] x = random(n, rows * stride, 3);
            float[] y = random(n + 1, rows * stride, 3);

            float[] out = new float[rows * stride];
            kernels.layerNorm(out, x, stride, rows, n, random(5, n, 1), random(6, n, 1), 1e-5f);
            keep("layer norm of " + n, out);

            float[] sum = x.clone();
            kernels.add(sum, stride, y, stride, rows, n / 3, n);
            keep("add " + n / 3 + " to " + n, sum);

            for (Activation activation : Activation.values()) {
                float[] activated = random(n + 2, rows * stride, 12);
                kernels.activate(activation, activated, stride, rows, n / 3, n, new float[n]);
                keep(activation + " of " + n / 3 + " to " + n, activated);
            }

            float[] softmax = random(n + 3, n + 17, 20);
            kernels.softmax(softmax, 1, n);
            keep("softmax of " + n, softmax);
            float[] below = random(n + 5, n + 17, 90);
            for (int i = 0; i < n; i++) {
                below[1 + i] = i % 5 == 4 ? Float.NEGATIVE_INFINITY : below[1 + i] - 91;
            }
            kernels.softmax(below, 1, n);
            keep("softmax of " + n + ", all below zero, some infinitely", below);

            float[] logits = random(n + 4, n + 2, 9);
            int best = kernels.argMax(logits, 2, n);
            keep("arg max of " + n, new float[] {best});
            float[] exponentials = new float[n];
            kernels.exponentials(exponentials, logits, 2, n, logits[2 + best], 1 / 0.7f);
            keep("exponentials of " + n, exponentials);
        }
    }

    private void attention() {
        int heads = 5;
        int stride = 8 * KvView.BLOCK_POSITIONS + 3;
        for (int headSize : SIZES) {
            float[][] blocks = new float[8][];
            for (int b = 0; b < blocks.length; b++) {
                blocks[b] = random(headSize + 100 * b, heads * headSize * KvView.BLOCK_POSITIONS + 7 + 15, 2);
            }
            for (int positions :
                    new int[] {1, 5, 16, 17, 32, 41, 48, 63, 64, 65, 128, 150, 192, 256, 257, 391, 496, 512}) {
                float[] queries = random(headSize, heads * headSize + 1, 2);
                // All stripes closed, or the last one open where it is not full.
                for (int closed : new int[] {positions, positions / KvView.KEY_STRIPE * KvView.KEY_STRIPE}) {
                    String name = " of size " + headSize + ", " + positions + " keys, closed to " + closed;
                    keep(
                            "scores of heads" + name,
                            scores(queries, blocks, heads, 0, heads, headSize, positions, closed, 0.125f));
                    keep(
                            "scores of some heads" + name,
                            scores(queries, blocks, heads, 1, heads - 2, headSize, positions, closed, 1f));
                }

                float[] out = random(8, heads * headSize + 2, 1);
                float[] weights = random(9, heads * stride, 1);
                KvView kv = new KvView(heads, headSize);
                kv.set(blocks, 0, 7, positions, positions);
                kernels.weightedValues(out, 2, weights, stride, kv, 0, heads);
                keep("values of head size " + headSize + ", " + positions + " positions", out);
                kernels.weightedValues(out, 2, weights, stride, kv, 1, heads - 2);
                keep("values of some heads of size " + headSize + ", " + positions + " positions", out);
            }
        }
    }

    /** Scores of the first positions, and of none behind. */
    private float[] scores(
            float[] queries,
            float[][] blocks,
            int allHeads,
            int firstHead,
            int heads,
            int headSize,
            int positions,
            int closed,
            float scale) {
        int stride = blocks.length * KvView.BLOCK_POSITIONS + 3;
        float[] scores = new float[heads * stride];
        float[] scratch = new float[Kernels.scoresScratch(heads, headSize)];
        KvView kv = new KvView(allHeads, headSize);
        kv.set(blocks, 7, 0, positions, closed);
        kernels.attentionScores(scores, stride, queries, 1, kv, firstHead, heads, scale, scratch);
        float[] kept = new float[heads * positions];
        for (int h = 0; h < heads; h++) {
            System.arraycopy(scores, h * stride, kept, h * positions, positions);
        }
        return kept;
    }

    /** All panels of a product with nothing but a bias behind it. */
    static void multiply(Kernels kernels, float[] out, int stride, PackedRows x, PackedMatrix w, float[] bias) {
        multiply(kernels, out, stride, x, w, bias, 0, w.panelCount());
    }

    static void multiply(
            Kernels kernels, float[] out, int stride, PackedRows x, PackedMatrix w, float[] bias, int first, int end) {
        kernels.product().multiply(out, stride, x, w, new Epilogue(kernels).of(bias), first, end);
    }

    static PackedMatrix pack(Float32Matrix weights, Precision precision) {
        return new ScalarProduct().pack(weights, precision);
    }

    static Float32Matrix randomMatrix(int inputs, int outputs) {
        Float32Matrix w = new Float32Matrix(inputs, outputs);
        w.putInputMajor(random(inputs * 1000 + outputs, inputs * outputs, 1), inputs * outputs, 0);
        return w;
    }

    /** Uniform in {@code [-magnitude, magnitude)}. */
    static float[] random(int seed, int n, float magnitude) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = (float) ((random.nextDouble() * 2 - 1) * magnitude);
        }
        return values;
    }

    /** Prints the name of the best kernels of this JVM and the digest of their results. */
    public static void main(String[] args) {
        Kernels kernels = Kernels.best();
        System.out.println(kernels.name() + " " + run(kernels).digest());
    }
}
