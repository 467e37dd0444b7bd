package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TensorInfoTest {

    @Test
    void countsElementsAndBytes() {
        TensorInfo tensor = TensorInfo.of("w", DType.BF16, 3, 50_000, 20_000);
        assertThat(tensor.elementCount()).isEqualTo(3_000_000_000L);
        assertThat(tensor.byteCount()).isEqualTo(6_000_000_000L);
        assertThat(tensor.shape()).containsExactly(3L, 50_000L, 20_000L);
    }

    @Test
    void aScalarHasOneElement() {
        assertThat(TensorInfo.of("s", DType.F32).elementCount()).isEqualTo(1);
    }

    @Test
    void aSizeOfZeroMakesItEmptyWhateverTheOthersAre() {
        TensorInfo tensor = TensorInfo.of("e", DType.F32, Long.MAX_VALUE, Long.MAX_VALUE, 0);
        assertThat(tensor.elementCount()).isZero();
        assertThat(tensor.byteCount()).isZero();
    }

    @Test
    void theShapeIsACopy() {
        List<Long> shape = new ArrayList<>(List.of(2L, 3L));
        TensorInfo tensor = new TensorInfo("w", DType.F32, shape);
        shape.set(0, 9L);
        assertThat(tensor.shape()).containsExactly(2L, 3L);
        assertThatThrownBy(() -> tensor.shape().set(0, 9L)).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void refusesANegativeSize() {
        assertThatThrownBy(() -> TensorInfo.of("w", DType.F32, 2, -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'w'")
                .hasMessageContaining("[2, -1]");
    }

    @Test
    void refusesElementsOrBytesBeyondALong() {
        assertThatThrownBy(() -> TensorInfo.of("w", DType.U8, 1L << 32, 1L << 32))
                .isInstanceOf(IllegalArgumentException.class)
                .hasCauseInstanceOf(ArithmeticException.class);
        assertThatThrownBy(() -> TensorInfo.of("w", DType.F32, 1L << 61))
                .isInstanceOf(IllegalArgumentException.class)
                .hasCauseInstanceOf(ArithmeticException.class);
    }

    @Test
    void typesOfLessThanAByteFillWholeBytes() {
        assertThat(TensorInfo.of("w", DType.F4, 6).byteCount()).isEqualTo(3);
        assertThat(TensorInfo.of("w", DType.F6_E2M3, 8).byteCount()).isEqualTo(6);
        assertThatThrownBy(() -> TensorInfo.of("w", DType.F4, 7)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void fourFloatTypesAndTheQuantisedOnesAreReadable() {
        assertThat(DType.values())
                .filteredOn(dtype -> dtype.isReadable() && !dtype.isQuantised())
                .containsExactlyInAnyOrder(DType.F64, DType.F32, DType.F16, DType.BF16);
        assertThat(DType.values()).filteredOn(DType::isQuantised).hasSize(11).allMatch(DType::isReadable);
    }

    @Test
    void quantisedTypesFillWholeBlocks() {
        assertThat(TensorInfo.of("w", DType.Q4_0, 3, 64).byteCount()).isEqualTo(108);
        assertThat(TensorInfo.of("w", DType.Q6_K, 256).byteCount()).isEqualTo(210);
        assertThatThrownBy(() -> TensorInfo.of("w", DType.Q6_K, 128)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesToCountFewerThanNoElements() {
        assertThatThrownBy(() -> DType.F32.byteCount(-4)).isInstanceOf(IllegalArgumentException.class);
    }
}
