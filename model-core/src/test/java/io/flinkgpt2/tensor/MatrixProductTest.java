package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MatrixProductTest {

    private static final int ROWS = 5;
    private static final int INPUTS = 48;

    static List<Kernels> all() {
        return List.of(
                new ScalarKernels(),
                new VectorKernels(),
                new ScalarKernels(new PlainProduct()),
                Kernels.best(new PlainProduct()));
    }

    @ParameterizedTest
    @MethodSource("all")
    void anEpilogueGivesTheBitsOfTheKernelsOneAfterTheOther(Kernels kernels) {
        MatrixProduct product = kernels.product();
        InputRows x = product.rows(ROWS * INPUTS);
        x.pack(KernelCases.random(1, ROWS * INPUTS, 1), INPUTS, ROWS, INPUTS);
        // Fewer columns than an epilogue takes, and more.
        for (int outputs : new int[] {7, 96, 1003}) {
            int stride = PackedMatrix.padded(outputs);
            float[] bias = KernelCases.random(2, stride, 1);
            float[] residual = KernelCases.random(3, ROWS * stride, 1);
            for (Precision precision : Precision.values()) {
                PackedMatrix w = product.pack(KernelCases.randomMatrix(INPUTS, outputs), precision);
                float[] plain = new float[ROWS * stride];
                product.multiply(plain, stride, x, w, new Epilogue(kernels).of(bias));
                for (Activation activation : Activation.values()) {
                    float[] expected = plain.clone();
                    kernels.activate(activation, expected, stride, ROWS, 0, outputs, new float[outputs]);
                    float[] out = new float[ROWS * stride];
                    product.multiply(
                            out, stride, x, w, new Epilogue(kernels).of(bias).activated(activation));
                    assertRows(out, expected, stride, outputs);
                }
                float[] expected = residual.clone();
                kernels.add(expected, stride, plain, stride, ROWS, 0, outputs);
                float[] sum = residual.clone();
                float[] out = new float[ROWS * stride];
                product.multiply(
                        out, stride, x, w, new Epilogue(kernels).of(bias).addedTo(sum, stride));
                assertRows(out, plain, stride, outputs);
                assertRows(sum, expected, stride, outputs);
            }
        }
    }

    @Test
    void anEpilogueForgetsWhatTheProductBeforeWanted() {
        Kernels kernels = new ScalarKernels();
        float[] sum = new float[32];
        Epilogue epilogue = new Epilogue(kernels)
                .of(new float[32])
                .activated(Activation.RELU)
                .addedTo(sum, 32);
        float[] out = {-1, 2};
        epilogue.of(null).apply(out, 2, 1, 0, 2);
        assertThat(epilogue.bias()).isNull();
        assertThat(out).containsExactly(-1, 2);
        assertThat(sum).containsOnly(0);
    }

    @Test
    void rowsAndWeightsOfAnotherProductAreRefused() {
        Float32Matrix w = KernelCases.randomMatrix(INPUTS, 7);
        MatrixProduct other = new PlainProduct();
        InputRows x = other.rows(INPUTS);
        x.pack(new float[INPUTS], INPUTS, 1, INPUTS);
        for (Kernels kernels : List.of(new ScalarKernels(), new VectorKernels())) {
            Epilogue epilogue = new Epilogue(kernels).of(null);
            assertThatThrownBy(() -> kernels.product().multiply(new float[32], 32, x, w, epilogue))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("x is a PlainRows, expected rows that this product packed");
            assertThatThrownBy(() -> kernels.product()
                            .multiply(
                                    new float[32],
                                    32,
                                    PackedRows.of(new float[INPUTS], INPUTS, 1, INPUTS),
                                    other.pack(w, Precision.F32),
                                    epilogue))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("w is a PlainMatrix, expected weights that this product packed");
        }
    }

    private static void assertRows(float[] out, float[] expected, int stride, int n) {
        for (int r = 0; r < ROWS; r++) {
            for (int i = r * stride; i < r * stride + n; i++) {
                assertThat(out[i]).isEqualTo(expected[i]);
            }
        }
    }
}
