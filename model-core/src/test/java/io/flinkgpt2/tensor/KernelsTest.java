package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class KernelsTest {

    private static final Kernels SCALAR = new ScalarKernels();
    private static final Kernels VECTOR = new VectorKernels();

    static List<Kernels> both() {
        return List.of(SCALAR, VECTOR);
    }

    @Test
    void vectorKernelsAreInUseWhereTheModuleIsPresent() {
        assertThat(ModuleLayer.boot().findModule("jdk.incubator.vector")).isPresent();
        assertThat(Kernels.best()).isInstanceOf(VectorKernels.class);
        assertThat(Kernels.best().name()).matches("vector-(128|256|512)");
    }

    @Test
    void vectorAndScalarKernelsGiveTheSameBits() {
        KernelCases scalar = KernelCases.run(SCALAR);
        KernelCases vector = KernelCases.run(VECTOR);
        for (int i = 0; i < scalar.names().size(); i++) {
            assertThat(vector.result(i)).as(scalar.names().get(i)).containsExactly(scalar.result(i));
        }
        assertThat(vector.digest()).isEqualTo(scalar.digest());
    }

    @ParameterizedTest
    @MethodSource("both")
    void aProductEqualsTheTextbookInDouble(Kernels kernels) {
        int inputs = 207;
        int outputs = 96;
        int rows = 5;
        PackedMatrix w = KernelCases.randomMatrix(inputs, outputs);
        float[] x = KernelCases.random(1, rows * inputs, 1);
        float[] bias = KernelCases.random(2, PackedMatrix.padded(outputs), 1);
        float[] out = new float[rows * PackedMatrix.padded(outputs)];
        KernelCases.multiply(
                kernels, out, PackedMatrix.padded(outputs), PackedRows.of(x, inputs, rows, inputs), w, bias);
        for (int r = 0; r < rows; r++) {
            for (int o = 0; o < outputs; o++) {
                double sum = bias[o];
                for (int i = 0; i < inputs; i++) {
                    sum += (double) x[r * inputs + i] * w.get(i, o);
                }
                assertThat((double) out[r * PackedMatrix.padded(outputs) + o]).isCloseTo(sum, within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void rule1_9_aProductMeansWhatTheStoredElementsMean(Kernels kernels) {
        int inputs = 60;
        int outputs = 130;
        int stride = PackedMatrix.padded(outputs);
        float[] x = KernelCases.random(1, inputs, 1);
        float[] bias = KernelCases.random(2, stride, 1);
        for (Precision precision : Precision.values()) {
            PackedMatrix w = KernelCases.pack(KernelCases.randomMatrix(inputs, outputs), precision);
            float[] out = new float[stride];
            KernelCases.multiply(kernels, out, stride, PackedRows.of(x, inputs, 1, inputs), w, bias);
            for (int o = 0; o < outputs; o++) {
                double sum = bias[o];
                for (int i = 0; i < inputs; i++) {
                    sum += (double) x[i] * w.get(i, o);
                }
                assertThat((double) out[o]).as(w + ", output " + o).isCloseTo(sum, within(1e-5));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void rule4_3_aRowOfAProductDoesNotDependOnTheOtherRows(Kernels kernels) {
        int inputs = 60;
        int outputs = 207;
        int stride = PackedMatrix.padded(outputs);
        float[] x = KernelCases.random(3, 33 * inputs, 1);
        for (Precision precision : Precision.values()) {
            PackedMatrix w = KernelCases.pack(KernelCases.randomMatrix(inputs, outputs), precision);
            for (int rows = 1; rows <= 33; rows++) {
                float[] together = new float[rows * stride];
                KernelCases.multiply(kernels, together, stride, PackedRows.of(x, inputs, rows, inputs), w, null);
                for (int r = 0; r < rows; r++) {
                    float[] alone = new float[stride];
                    float[] row = Arrays.copyOfRange(x, r * inputs, (r + 1) * inputs);
                    KernelCases.multiply(kernels, alone, stride, PackedRows.of(row, inputs, 1, inputs), w, null);
                    assertThat(alone).containsExactly(Arrays.copyOfRange(together, r * stride, (r + 1) * stride));
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void panelsMayBeComputedApart(Kernels kernels) {
        int inputs = 48;
        int outputs = 300;
        int rows = 5;
        int stride = PackedMatrix.padded(outputs);
        PackedRows x = PackedRows.of(KernelCases.random(3, rows * inputs, 1), inputs, rows, inputs);
        float[] bias = KernelCases.random(4, stride, 1);
        for (Precision precision : Precision.values()) {
            PackedMatrix w = KernelCases.pack(KernelCases.randomMatrix(inputs, outputs), precision);
            float[] whole = new float[rows * stride];
            KernelCases.multiply(kernels, whole, stride, x, w, bias);
            for (int split = 0; split <= w.panelCount(); split++) {
                float[] parts = new float[rows * stride];
                KernelCases.multiply(kernels, parts, stride, x, w, bias, split, w.panelCount());
                KernelCases.multiply(kernels, parts, stride, x, w, bias, 0, split);
                assertThat(parts).containsExactly(whole);
            }
            assertThatThrownBy(() -> KernelCases.multiply(kernels, whole, stride, x, w, bias, 3, w.panelCount() + 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void rule3_2_layerNormDividesTheVarianceByN(Kernels kernels) {
        float[] x = {1, 2, 3, 6};
        float[] out = new float[4];
        kernels.layerNorm(out, x, 4, 1, 4, new float[] {1, 1, 1, 2}, new float[] {0, 0, 0, 1}, 0f);
        double deviation = Math.sqrt(3.5);
        assertThat(out[0]).isCloseTo((float) (-2 / deviation), within(1e-6f));
        assertThat(out[3]).isCloseTo((float) (3 / deviation * 2 + 1), within(1e-6f));
    }

    @ParameterizedTest
    @MethodSource("both")
    void softmaxSumsToOneAndSurvivesLargeScores(Kernels kernels) {
        float[] x = Arrays.copyOf(new float[] {1000f, 999f, -1000f, 1000f}, 16);
        Arrays.fill(x, 4, 16, 7f);
        kernels.softmax(x, 0, 4);
        assertThat(Arrays.copyOfRange(x, 4, 16)).containsOnly(0f);
        assertThat(x[0] + x[1] + x[2] + x[3]).isCloseTo(1f, within(1e-6f));
        assertThat(x[0]).isEqualTo(x[3]).isCloseTo((float) (1 / (2 + Math.exp(-1))), within(1e-6f));
    }

    @ParameterizedTest
    @MethodSource("both")
    void softmaxOfANaNIsNaNThroughoutAndZeroBehind(Kernels kernels) {
        for (int n : KernelCases.SIZES) {
            for (int nan = 0; nan < n; nan++) {
                float[] x = KernelCases.random(n, n + 15, 20);
                x[nan] = Float.NaN;
                kernels.softmax(x, 0, n);
                assertThat(Arrays.copyOf(x, n)).containsOnly(Float.NaN);
                for (int i = n; i < Shapes.wholeStripes(n); i++) {
                    assertThat(x[i]).isZero();
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void rule4_1_argMaxTakesTheLowestOfEqualsAndReportsNaN(Kernels kernels) {
        for (int n : KernelCases.SIZES) {
            float[] x = new float[n];
            assertThat(kernels.argMax(x, 0, n)).isZero();
            Arrays.fill(x, Float.NEGATIVE_INFINITY);
            x[n - 1] = -5;
            assertThat(kernels.argMax(x, 0, n)).isEqualTo(n - 1);
            x[n / 2] = -5;
            assertThat(kernels.argMax(x, 0, n)).isEqualTo(n / 2);
            for (int nan = 0; nan < n; nan++) {
                float[] withNan = x.clone();
                withNan[nan] = Float.NaN;
                assertThat(kernels.argMax(withNan, 0, n)).isEqualTo(-1);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("both")
    void shortArraysAreRefusedBeforeAnythingIsWritten(Kernels kernels) {
        Float32Matrix w = new Float32Matrix(4, 65);
        PackedRows x = PackedRows.of(new float[4], 4, 1, 4);
        assertThatThrownBy(() -> KernelCases.multiply(kernels, new float[96], 65, x, w, null))
                .hasMessageContaining("outStride is 65, expected at least 96");
        assertThatThrownBy(() -> KernelCases.multiply(kernels, new float[95], 96, x, w, null))
                .hasMessageContaining("out has 95 floats, expected at least 96");
        assertThatThrownBy(() -> KernelCases.multiply(kernels, new float[96], 96, x, w, new float[65]))
                .hasMessageContaining("bias has 65 floats, expected 96");
        PackedRows other = PackedRows.of(new float[3], 3, 1, 3);
        assertThatThrownBy(() -> KernelCases.multiply(kernels, new float[96], 96, other, w, null))
                .hasMessageContaining("x has 3 inputs, expected 4");
        assertThatThrownBy(() -> kernels.softmax(new float[31], 0, 17))
                .hasMessageContaining("x has 31, expected at least 32");
    }
}
