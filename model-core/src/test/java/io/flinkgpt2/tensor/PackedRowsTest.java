package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PackedRowsTest {

    @Test
    void everyElementIsWhereGetLooksForItWhateverTheNumberOfRows() {
        int stride = 9;
        float[] x = KernelCases.random(1, 40 * stride, 1);
        PackedRows packed = new PackedRows(40 * 7);
        for (int inputs : new int[] {7, 1, 4}) {
            for (int rows = 40; rows >= 0; rows--) {
                packed.pack(x, stride, rows, inputs);
                assertThat(packed.rows()).isEqualTo(rows);
                assertThat(packed.inputs()).isEqualTo(inputs);
                for (int r = 0; r < rows; r++) {
                    for (int i = 0; i < inputs; i++) {
                        assertThat(packed.get(r, i)).isEqualTo(x[r * stride + i]);
                    }
                }
            }
        }
    }

    @Test
    void groupsAreInterleavedByTwelveEightFourAndTheRest() {
        int rows = 12 + 8 + 3;
        PackedRows packed = PackedRows.of(KernelCases.random(2, rows * 2, 1), 2, rows, 2);
        float[] values = packed.values();
        assertThat(values).hasSize(rows * 2);
        assertThat(values[12 + 5]).isEqualTo(packed.get(5, 1));
        assertThat(values[24 + 8 + 7]).isEqualTo(packed.get(19, 1));
        assertThat(values[40 + 3 + 2]).isEqualTo(packed.get(22, 1));
    }

    @Test
    void whatDoesNotFitIsRefused() {
        PackedRows packed = new PackedRows(6);
        assertThatThrownBy(() -> packed.pack(new float[8], 4, 2, 4))
                .hasMessageContaining("packed rows has 6 floats, expected at least 8");
        assertThatThrownBy(() -> packed.pack(new float[5], 3, 2, 3))
                .hasMessageContaining("x has 5 floats, expected at least 6");
        assertThatThrownBy(() -> packed.pack(new float[6], 2, 2, 3)).hasMessageContaining("xStride is 2");
        assertThatThrownBy(() -> packed.pack(new float[6], 3, -1, 3)).hasMessageContaining("rows is -1");
        packed.pack(new float[6], 3, 2, 3);
        assertThatThrownBy(() -> packed.get(2, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> packed.get(0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
