package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.LANES;
import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.FloatVector;

/** The matrix product on vectors: the sums by the tiles of each precision, then scale and bias while they are in the cache. */
final class VectorProduct extends JavaProduct {

    private static final Tiles<float[]> FLOAT32 = new Float32Tiles();
    private static final Tiles<short[]> BFLOAT16 = new BFloat16Tiles();
    private static final Tiles<byte[]> INT8 = new Int8Tiles();

    @Override
    void panels(float[] out, int outStride, PackedRows x, PackedMatrix w, float[] bias, int firstPanel, int endPanel) {
        Tiles<?> tiles = switch (w.precision()) {
            case F32 -> FLOAT32;
            case BF16 -> BFLOAT16;
            case INT8 -> INT8;
        };
        for (int p = firstPanel; p < endPanel; p += Tiles.TOGETHER) {
            int end = Math.min(p + Tiles.TOGETHER, endPanel);
            tiles.multiply(out, outStride, x, w, p, end);
            if (w instanceof Int8Matrix scaled) {
                scale(out, p * PANEL, end * PANEL, outStride, x.rows(), scaled.scales(), bias);
            } else if (bias != null) {
                add(out, p * PANEL, end * PANEL, outStride, x.rows(), bias);
            }
        }
    }

    /** Adds the bias to the columns {@code [from, to)} of some rows. */
    private static void add(float[] out, int from, int to, int outStride, int rows, float[] bias) {
        for (int c = from; c < to; c += LANES) {
            FloatVector b = FloatVector.fromArray(SPECIES, bias, c);
            for (int r = 0; r < rows; r++) {
                int at = r * outStride + c;
                FloatVector.fromArray(SPECIES, out, at).add(b).intoArray(out, at);
            }
        }
    }

    /** Multiplies the columns {@code [from, to)} of some rows by their scales, and adds the bias. */
    private static void scale(float[] out, int from, int to, int outStride, int rows, float[] scales, float[] bias) {
        for (int c = from; c < to; c += LANES) {
            FloatVector s = FloatVector.fromArray(SPECIES, scales, c);
            if (bias == null) {
                for (int r = 0; r < rows; r++) {
                    int at = r * outStride + c;
                    FloatVector.fromArray(SPECIES, out, at).mul(s).intoArray(out, at);
                }
            } else {
                FloatVector b = FloatVector.fromArray(SPECIES, bias, c);
                for (int r = 0; r < rows; r++) {
                    int at = r * outStride + c;
                    FloatVector.fromArray(SPECIES, out, at).fma(s, b).intoArray(out, at);
                }
            }
        }
    }
}
