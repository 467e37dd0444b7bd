package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PackedMatrixTest {

    @Test
    void piecesOfAnySizeArriveWhereTheyBelongInBothOrders() {
        for (int inputs : new int[] {1, 5, 64, 70}) {
            for (int outputs : new int[] {1, 31, 32, 33, 64, 130}) {
                float[] source = KernelCases.random(inputs + outputs, inputs * outputs, 1);
                for (int piece : new int[] {1, 7, 64, 1000, inputs * outputs}) {
                    Float32Matrix inputMajor = new Float32Matrix(inputs, outputs);
                    Float32Matrix outputMajor = new Float32Matrix(inputs, outputs);
                    for (int start = 0; start < source.length; start += piece) {
                        float[] part = Arrays.copyOfRange(source, start, Math.min(start + piece, source.length));
                        inputMajor.putInputMajor(part, part.length, start);
                        outputMajor.putOutputMajor(part, part.length, start);
                    }
                    for (int i = 0; i < inputs; i++) {
                        for (int o = 0; o < outputs; o++) {
                            assertThat(inputMajor.get(i, o)).isEqualTo(source[i * outputs + o]);
                            assertThat(outputMajor.get(i, o)).isEqualTo(source[o * inputs + i]);
                        }
                    }
                }
            }
        }
    }

    @Test
    void aColumnIsOneEmbedding() {
        Float32Matrix table = new Float32Matrix(3, 70);
        float[] source = KernelCases.random(1, 210, 1);
        table.putOutputMajor(source, 210, 0);
        float[] embedding = new float[5];
        table.copyColumn(66, embedding, 1);
        assertThat(embedding).containsExactly(0, source[198], source[199], source[200], 0);
        assertThatThrownBy(() -> table.copyColumn(70, embedding, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.copyColumn(-1, embedding, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void rule1_9_bfloat16RoundsToTheNearestAndOfTwoToTheEven() {
        float[] exact = {0f, -0f, 1f, -2.5f, 0x1.fep127f, 0x1p-133f};
        for (float value : exact) {
            assertThat(stored(Precision.BF16, value)).isEqualTo(value);
        }
        assertThat(stored(Precision.BF16, 1 + 0x1p-9f)).isEqualTo(1f);
        assertThat(stored(Precision.BF16, 1 + 0x1p-8f)).isEqualTo(1f);
        assertThat(stored(Precision.BF16, Math.nextUp(1 + 0x1p-8f))).isEqualTo(1 + 0x1p-7f);
        assertThat(stored(Precision.BF16, 1 + 0x3p-8f)).isEqualTo(1 + 0x1p-6f);
        assertThat(stored(Precision.BF16, -1 - 0x3p-8f)).isEqualTo(-1 - 0x1p-6f);
        // What lies beyond the largest stays finite.
        assertThat(stored(Precision.BF16, Float.MAX_VALUE)).isEqualTo(0x1.fep127f);
        assertThat(stored(Precision.BF16, -Float.MAX_VALUE)).isEqualTo(-0x1.fep127f);
    }

    @Test
    void rule1_9_int8HasOneScaleForEachColumnAndIsOffByHalfOfItAtMost() {
        int inputs = 70;
        int outputs = 130;
        Float32Matrix source = KernelCases.randomMatrix(inputs, outputs);
        source.putInputMajor(new float[outputs], outputs, 0);
        PackedMatrix stored = KernelCases.pack(source, Precision.INT8);
        for (int o = 0; o < outputs; o++) {
            float largest = 0;
            for (int i = 0; i < inputs; i++) {
                largest = Math.max(largest, Math.abs(source.get(i, o)));
            }
            assertThat(stored.get(0, o)).isZero();
            for (int i = 0; i < inputs; i++) {
                assertThat(Math.abs(stored.get(i, o) - source.get(i, o))).isLessThanOrEqualTo(largest / 127 * 0.5001f);
                if (Math.abs(source.get(i, o)) == largest) {
                    assertThat(stored.get(i, o)).isCloseTo(source.get(i, o), offset(largest * 1e-6f));
                }
            }
        }
        assertThat(KernelCases.pack(new Float32Matrix(3, 3), Precision.INT8).get(1, 1))
                .isZero();
    }

    @Test
    void rule1_9_storedMatricesTakeTheBytesOfTheirPrecision() {
        Float32Matrix source = new Float32Matrix(10, 100);
        assertThat(KernelCases.pack(source, Precision.F32)).isSameAs(source);
        assertThat(source.byteSize()).isEqualTo(4 * 10 * 128);
        assertThat(KernelCases.pack(source, Precision.BF16).byteSize()).isEqualTo(2 * 10 * 128);
        assertThat(KernelCases.pack(source, Precision.INT8).byteSize()).isEqualTo(10 * 128 + 8 + 4 * 128);
        for (Precision precision : Precision.values()) {
            assertThat(KernelCases.pack(source, precision).precision()).isEqualTo(precision);
            assertThat(KernelCases.pack(source, precision)).hasToString("PackedMatrix[10 x 100, " + precision + "]");
        }
    }

    private static float stored(Precision precision, float value) {
        Float32Matrix one = new Float32Matrix(1, 1);
        one.putInputMajor(new float[] {value}, 1, 0);
        return KernelCases.pack(one, precision).get(0, 0);
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> new Float32Matrix(0, 4)).hasMessageContaining("found 0 x 4");
        assertThatThrownBy(() -> new Float32Matrix(50_000, 50_000)).hasMessageContaining("50000 x 50000");
        assertThat(PackedMatrix.padded(1)).isEqualTo(32);
        assertThat(PackedMatrix.padded(32)).isEqualTo(32);
        assertThat(PackedMatrix.padded(33)).isEqualTo(64);
        assertThatThrownBy(() -> PackedMatrix.padded(Integer.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
        Float32Matrix w = new Float32Matrix(2, 3);
        assertThatThrownBy(() -> w.putInputMajor(new float[2], 2, 5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> w.get(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
