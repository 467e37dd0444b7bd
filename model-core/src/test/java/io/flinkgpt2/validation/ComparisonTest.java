package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    @Test
    void theLargestDifferenceCounts() {
        Comparison comparison = Comparison.of(new float[] {1, 2, 3}, new double[] {1, 2.5, 3.25}, 0.5);

        assertThat(comparison.difference()).isEqualTo(0.5);
        assertThat(comparison.passed()).isTrue();
        assertThat(comparison.detail()).isEqualTo("value 1: found 2.0, expected 2.5");
        assertThat(Comparison.of(new float[] {1}, new double[] {1.51}, 0.5).passed())
                .isFalse();
    }

    @Test
    void whatIsNoNumberNeverPasses() {
        assertThat(Comparison.of(new float[] {1, Float.NaN, 9}, new double[] {1, 2, 3}, 1e9)
                        .passed())
                .isFalse();
        assertThat(Comparison.of(Double.NaN, Double.NaN, 1).passed()).isFalse();
        float[] nan = {Float.NaN};
        assertThat(Comparison.exact(nan, nan).passed()).isFalse();
        float[] infinite = {Float.POSITIVE_INFINITY};
        assertThat(Comparison.exact(infinite, infinite).passed()).isFalse();
    }

    @Test
    void exactMeansTheSameBits() {
        assertThat(Comparison.exact(new float[] {1, -2}, new float[] {1, -2}).passed())
                .isTrue();
        assertThat(Comparison.exact(new float[] {1}, new float[] {Math.nextUp(1f)})
                        .passed())
                .isFalse();
        assertThat(Comparison.exact(new float[] {0f}, new float[] {-0f}).passed())
                .isFalse();
    }

    @Test
    void otherSizesAndShapesNeverPass() {
        assertThat(Comparison.of(new float[2], new double[3], 1).passed()).isFalse();
        assertThat(Comparison.exact(new float[3], new float[2]).passed()).isFalse();
        Tensor tensor = new Tensor(List.of(2, 3), new float[6]);
        Comparison comparison = Comparison.of(tensor, List.of(3, 2), new double[6], 1);
        assertThat(comparison.passed()).isFalse();
        assertThat(comparison.detail()).contains("[2, 3]", "[3, 2]");
    }
}
