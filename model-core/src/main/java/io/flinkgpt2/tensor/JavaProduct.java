package io.flinkgpt2.tensor;

/** The part that the products in Java share: packed panels, interleaved rows, and the epilogue of a few panels at a time. */
abstract class JavaProduct implements MatrixProduct {

    static final int PANEL = PackedMatrix.PANEL_WIDTH;

    /** Panels between two epilogues. */
    private static final int TOGETHER = Epilogue.MAX_COLUMNS / PANEL;

    @Override
    public final PackedMatrix pack(Float32Matrix weights, Precision precision) {
        return switch (precision) {
            case F32 -> weights;
            case BF16 -> new BFloat16Matrix(weights);
            case INT8 -> new Int8Matrix(weights);
        };
    }

    @Override
    public final InputRows rows(int capacity) {
        return new PackedRows(capacity);
    }

    @Override
    public final void multiply(
            float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue, int firstPanel, int endPanel) {
        if (!(x instanceof PackedRows rows)) {
            throw new IllegalArgumentException("x is a " + x.getClass().getSimpleName()
                    + ", expected rows that this product packed: make them with rows()");
        }
        if (!(w instanceof Float32Matrix || w instanceof BFloat16Matrix || w instanceof Int8Matrix)) {
            throw new IllegalArgumentException(
                    "w is a " + w.getClass().getSimpleName() + ", expected weights that this product packed");
        }
        Shapes.checkMultiply(out, outStride, rows, w, epilogue.bias(), firstPanel, endPanel);
        for (int p = firstPanel; p < endPanel; p += TOGETHER) {
            int next = Math.min(p + TOGETHER, endPanel);
            panels(out, outStride, rows, w, epilogue.bias(), p, next);
            epilogue.apply(out, outStride, rows.rows(), p * PANEL, Math.min(next * PANEL, w.outputs()));
        }
    }

    /** Computes some panels with their bias, which may be null; shapes are right. */
    abstract void panels(
            float[] out, int outStride, PackedRows x, PackedMatrix w, float[] bias, int firstPanel, int endPanel);
}
