package io.flinkgpt2.tensor;

import java.util.Arrays;

/** The matrix product as plain loops: the reference that every other one must equal bit for bit, and the fallback. */
final class ScalarProduct extends JavaProduct {

    @Override
    void panels(float[] out, int outStride, PackedRows x, PackedMatrix w, float[] bias, int firstPanel, int endPanel) {
        int inputs = w.inputs();
        for (int p = firstPanel; p < endPanel; p++) {
            int from = p * inputs * PANEL;
            int bound = p * PANEL;
            for (int r = 0; r < x.rows(); r++) {
                int to = r * outStride + p * PANEL;
                Arrays.fill(out, to, to + PANEL, 0f);
                switch (w.precision()) {
                    case F32 -> {
                        sum(out, to, x, r, ((Float32Matrix) w).panels(), from);
                        add(out, to, bias, bound);
                    }
                    case BF16 -> {
                        sum(out, to, x, r, ((BFloat16Matrix) w).panels(), from);
                        add(out, to, bias, bound);
                    }
                    case INT8 -> {
                        sum(out, to, x, r, ((Int8Matrix) w).panels(), from);
                        scale(out, to, ((Int8Matrix) w).scales(), bias, bound);
                    }
                }
            }
        }
    }

    private static void sum(float[] out, int to, PackedRows x, int row, float[] panels, int from) {
        for (int i = 0; i < x.inputs(); i++, from += PANEL) {
            float value = x.get(row, i);
            for (int c = 0; c < PANEL; c++) {
                out[to + c] = Math.fma(value, panels[from + c], out[to + c]);
            }
        }
    }

    private static void sum(float[] out, int to, PackedRows x, int row, short[] panels, int from) {
        for (int i = 0; i < x.inputs(); i++, from += PANEL) {
            float value = x.get(row, i);
            for (int c = 0; c < PANEL; c++) {
                out[to + c] = Math.fma(value, Float.intBitsToFloat(panels[from + c] << 16), out[to + c]);
            }
        }
    }

    private static void sum(float[] out, int to, PackedRows x, int row, byte[] panels, int from) {
        for (int i = 0; i < x.inputs(); i++, from += PANEL) {
            float value = x.get(row, i);
            for (int c = 0; c < PANEL; c++) {
                out[to + c] = Math.fma(value, panels[from + c], out[to + c]);
            }
        }
    }

    private static void add(float[] out, int to, float[] bias, int from) {
        for (int c = 0; bias != null && c < PANEL; c++) {
            out[to + c] += bias[from + c];
        }
    }

    private static void scale(float[] out, int to, float[] scales, float[] bias, int from) {
        for (int c = 0; c < PANEL; c++) {
            out[to + c] = bias == null
                    ? out[to + c] * scales[from + c]
                    : Math.fma(out[to + c], scales[from + c], bias[from + c]);
        }
    }
}
