package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PackedMatrixTest {

    @Test
    void piecesOfAnySizeArriveWhereTheyBelongInBothOrders() {
        for (int inputs : new int[] {1, 5, 64, 70}) {
            for (int outputs : new int[] {1, 63, 64, 65, 130}) {
                float[] source = KernelCases.random(inputs + outputs, inputs * outputs, 1);
                for (int piece : new int[] {1, 7, 64, 1000, inputs * outputs}) {
                    PackedMatrix inputMajor = new PackedMatrix(inputs, outputs);
                    PackedMatrix outputMajor = new PackedMatrix(inputs, outputs);
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
        PackedMatrix table = new PackedMatrix(3, 70);
        float[] source = KernelCases.random(1, 210, 1);
        table.putOutputMajor(source, 210, 0);
        float[] embedding = new float[5];
        table.copyColumn(66, embedding, 1);
        assertThat(embedding).containsExactly(0, source[198], source[199], source[200], 0);
        assertThatThrownBy(() -> table.copyColumn(70, embedding, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.copyColumn(-1, embedding, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void sizesThatDoNotFitAreRefused() {
        assertThatThrownBy(() -> new PackedMatrix(0, 4)).hasMessageContaining("found 0 x 4");
        assertThatThrownBy(() -> new PackedMatrix(50_000, 50_000)).hasMessageContaining("50000 x 50000");
        assertThat(PackedMatrix.padded(1)).isEqualTo(64);
        assertThat(PackedMatrix.padded(64)).isEqualTo(64);
        assertThatThrownBy(() -> PackedMatrix.padded(Integer.MAX_VALUE)).isInstanceOf(ArithmeticException.class);
        PackedMatrix w = new PackedMatrix(2, 3);
        assertThatThrownBy(() -> w.putInputMajor(new float[2], 2, 5)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> w.get(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
