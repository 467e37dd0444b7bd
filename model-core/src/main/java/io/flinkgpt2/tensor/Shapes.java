package io.flinkgpt2.tensor;

import java.util.Objects;

/** Checks of array lengths that every implementation of {@link Kernels} makes before it touches an array. */
final class Shapes {

    private Shapes() {}

    /** Checks the arguments of {@link MatrixProduct#multiply}. */
    static void checkMultiply(
            float[] out, int outStride, PackedRows x, PackedMatrix w, float[] bias, int firstPanel, int endPanel) {
        Objects.checkFromToIndex(firstPanel, endPanel, w.panelCount());
        int padded = w.panelCount() * PackedMatrix.PANEL_WIDTH;
        if (outStride < padded) {
            throw new IllegalArgumentException(
                    "outStride is " + outStride + ", expected at least " + padded + " for " + w);
        }
        if (x.inputs() != w.inputs()) {
            throw new IllegalArgumentException("x has " + x.inputs() + " inputs, expected " + w.inputs() + " for " + w);
        }
        checkRows("out", out, outStride, x.rows(), padded);
        if (bias != null && bias.length < padded) {
            throw new IllegalArgumentException(
                    "bias has " + bias.length + " floats, expected " + padded + " (padded) for " + w);
        }
    }

    /** Checks that {@code rows} rows of {@code n} floats, {@code stride} apart, lie within {@code array}. */
    static void checkRows(String name, float[] array, int stride, int rows, int n) {
        if (rows < 0) {
            throw new IllegalArgumentException("rows is " + rows + ", expected 0 or more");
        }
        if (rows > 0 && (rows - 1L) * stride + n > array.length) {
            throw new IllegalArgumentException(name + " has " + array.length + " floats, expected at least "
                    + ((rows - 1L) * stride + n) + " for " + rows + " rows of " + n + ", " + stride + " apart");
        }
    }

    /** Checks that the columns {@code [from, to)} of {@code rows} rows, {@code stride} apart, lie within {@code array}. */
    static void checkColumns(String name, float[] array, int stride, int rows, int from, int to) {
        if (from < 0 || from > to) {
            throw new IllegalArgumentException("columns " + from + " to " + to + " of " + name + ", expected a range");
        }
        checkRows(name, array, stride, rows, to);
    }

    /** {@code n} rounded up to a multiple of 16. */
    static int wholeStripes(int n) {
        return (n + ScalarKernels.STRIPES - 1) / ScalarKernels.STRIPES * ScalarKernels.STRIPES;
    }

    /** Checks the arguments of {@link Kernels#softmax}; returns {@code n} rounded up to a multiple of 16. */
    static int checkSoftmax(float[] x, int offset, int n) {
        int padded = wholeStripes(n);
        if (n < 1 || offset < 0 || (long) offset + padded > x.length) {
            throw new IllegalArgumentException("softmax of " + n + " floats from " + offset + " on: x has " + x.length
                    + ", expected at least " + ((long) offset + padded) + ", the end rounded up to a multiple of 16");
        }
        return padded;
    }
}
