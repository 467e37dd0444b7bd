package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Epilogue;
import io.flinkgpt2.tensor.Float32Matrix;
import io.flinkgpt2.tensor.InputRows;
import io.flinkgpt2.tensor.MatrixProduct;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.Precision;

/** A product that hands everything on, for a test to change or to count. */
public class DelegatingProduct implements MatrixProduct {

    private final MatrixProduct product;

    public DelegatingProduct(MatrixProduct product) {
        this.product = product;
    }

    @Override
    public PackedMatrix pack(Float32Matrix weights, Precision precision) {
        return product.pack(weights, precision);
    }

    @Override
    public InputRows rows(int capacity) {
        return product.rows(capacity);
    }

    @Override
    public void multiply(
            float[] out, int outStride, InputRows x, PackedMatrix w, Epilogue epilogue, int firstPanel, int endPanel) {
        product.multiply(out, outStride, x, w, epilogue, firstPanel, endPanel);
    }
}
