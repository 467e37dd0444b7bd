package io.flinkgpt2.tensor;

import java.util.Arrays;

/**
 * A packed matrix of 8-bit integers, -127..127, each times the float32 scale of its output column. Symmetric: a scale is
 * the largest magnitude of its column divided by 127, and zero is exact.
 */
final class Int8Matrix extends PackedMatrix {

    private static final int LARGEST = 127;

    /** Bytes that a kernel may read past the end, for its vectors are not shorter than 8 bytes. */
    private static final int SLACK = 8;

    private final byte[] panels;
    /** The scale of each output column, {@code padded(outputs)}. */
    private final float[] scales;

    Int8Matrix(Float32Matrix source) {
        super(source.inputs(), source.outputs());
        float[] values = source.panels();
        panels = new byte[Math.addExact(values.length, SLACK)];
        scales = new float[padded(source.outputs())];
        float[] largest = new float[PANEL_WIDTH];
        int size = inputs() * PANEL_WIDTH;
        for (int p = 0; p < panelCount(); p++) {
            Arrays.fill(largest, 0);
            for (int i = p * size; i < (p + 1) * size; i++) {
                largest[i % PANEL_WIDTH] = Math.max(largest[i % PANEL_WIDTH], Math.abs(values[i]));
            }
            for (int c = 0; c < PANEL_WIDTH; c++) {
                scales[p * PANEL_WIDTH + c] = largest[c] / LARGEST;
            }
            for (int i = p * size; i < (p + 1) * size; i++) {
                panels[i] = quantise(values[i], scales[p * PANEL_WIDTH + i % PANEL_WIDTH]);
            }
        }
    }

    /** Returns the nearest multiple of the scale; a column of zeros has a scale of 0. */
    private static byte quantise(float value, float scale) {
        double multiple = scale == 0 ? 0 : Math.rint((double) value / scale);
        return (byte) Math.max(-LARGEST, Math.min(LARGEST, multiple));
    }

    @Override
    public Precision precision() {
        return Precision.INT8;
    }

    @Override
    public long byteSize() {
        return panels.length + 4L * scales.length;
    }

    /** Returns the integers, {@code [panel][input][32]}, and some bytes behind them; for kernels, which only read them. */
    byte[] panels() {
        return panels;
    }

    /** Returns the scale of each output column. */
    float[] scales() {
        return scales;
    }

    @Override
    float element(int input, int output) {
        return panels[index(input, output)] * scales[output];
    }
}
