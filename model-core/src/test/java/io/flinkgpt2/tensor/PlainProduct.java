package io.flinkgpt2.tensor;

import java.util.concurrent.atomic.AtomicInteger;

/** A product that shares nothing with those in use: weights and rows lie as in a textbook. Counts what it computes. */
public final class PlainProduct implements MatrixProduct {

    /** Matrices packed. */
    public final AtomicInteger packed = new AtomicInteger();
    /** Calls of {@link #multiply}. */
    public final AtomicInteger multiplied = new AtomicInteger();

    /** Row-major, {@code [inputs, outputs]}. */
    private static final class PlainMatrix extends PackedMatrix {
        private final Precision precision;
        private final float[] elements;
        /** The scale of each output, or null. */
        private final float[] scales;

        PlainMatrix(PackedMatrix source) {
            super(source.inputs(), source.outputs());
            precision = source.precision();
            elements = new float[inputs() * outputs()];
            scales = source instanceof Int8Matrix scaled ? scaled.scales() : null;
            for (int i = 0; i < elements.length; i++) {
                int input = i / outputs();
                int output = i % outputs();
                elements[i] = source instanceof Int8Matrix scaled
                        ? scaled.panels()[index(input, output)]
                        : source.get(input, output);
            }
        }

        @Override
        public Precision precision() {
            return precision;
        }

        @Override
        public long byteSize() {
            return 4L * elements.length;
        }

        @Override
        float element(int input, int output) {
            float element = elements[input * outputs() + output];
            return scales == null ? element : element * scales[output];
        }
    }

    /** Rows one behind the other. */
    private static final class PlainRows implements InputRows {
        private final float[] values;
        private int rows;
        private int inputs;

        PlainRows(int capacity) {
            values = new float[capacity];
        }

        @Override
        public void pack(float[] x, int xStride, int rows, int inputs) {
            this.rows = rows;
            this.inputs = inputs;
            for (int r = 0; r < rows; r++) {
                System.arraycopy(x, r * xStride, values, r * inputs, inputs);
            }
        }

        @Override
        public int rows() {
            return rows;
        }

        @Override
        public int inputs() {
            return inputs;
        }

        @Override
        public float get(int row, int input) {
            return values[row * inputs + input];
        }
    }

    @Override
    public PackedMatrix pack(Float32Matrix weights, Precision precision) {
        packed.incrementAndGet();
        return new PlainMatrix(new ScalarProduct().pack(weights, precision));
    }

    @Override
    public InputRows rows(int capacity) {
        return new PlainRows(capacity);
    }

    @Override
    public void multiply(
            float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue, int firstPanel, int endPanel) {
        multiplied.incrementAndGet();
        PlainMatrix plain = (PlainMatrix) w;
        int first = firstPanel * PackedMatrix.PANEL_WIDTH;
        int end = Math.min(endPanel * PackedMatrix.PANEL_WIDTH, w.outputs());
        float[] bias = epilogue.bias();
        for (int o = first; o < end; o++) {
            for (int r = 0; r < x.rows(); r++) {
                float sum = 0;
                for (int i = 0; i < w.inputs(); i++) {
                    sum = Math.fma(x.get(r, i), plain.elements[i * w.outputs() + o], sum);
                }
                float scale = plain.scales == null ? 1 : plain.scales[o];
                out[r * outStride + o] = bias == null ? sum * scale : Math.fma(sum, scale, bias[o]);
            }
        }
        for (int from = first; from < end; from += Epilogue.MAX_COLUMNS) {
            epilogue.apply(out, outStride, x.rows(), from, Math.min(from + Epilogue.MAX_COLUMNS, end));
        }
    }
}
