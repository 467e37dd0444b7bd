package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashSet;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RandomStreamTest {

    private static final int COUNT = 100_000;

    /** The stream along each of its coordinates. */
    static Stream<Arguments> coordinates() {
        return Stream.of(
                coordinate("steps", i -> RandomStream.uniform(1, 0, i)),
                coordinate("steps of another seed", i -> RandomStream.uniform(Long.MIN_VALUE, 3, i)),
                coordinate("consecutive seeds", i -> RandomStream.uniform(i, 0, 0)),
                coordinate("negative seeds", i -> RandomStream.uniform(-i, 0, 7)),
                coordinate("seeds that differ in high bits", i -> RandomStream.uniform((long) i << 40, 0, 0)),
                coordinate("choices", i -> RandomStream.uniform(1, i, 0)),
                coordinate("seeds of names", i -> RandomStream.uniform(RandomStream.seedOf("id-" + i), 0, 0)));
    }

    private static Arguments coordinate(String name, IntToDoubleFunction stream) {
        return Arguments.argumentSet(name, stream);
    }

    @ParameterizedTest
    @MethodSource("coordinates")
    void isUniformOnZeroToOne(IntToDoubleFunction stream) {
        int bins = 256;
        int[] counts = new int[bins];
        double sum = 0;
        for (int i = 0; i < COUNT; i++) {
            double u = stream.applyAsDouble(i);
            assertThat(u >= 0 && u < 1).as("number %d: %s", i, u).isTrue();
            counts[(int) (u * bins)]++;
            sum += u;
        }
        // The mean of n has a standard deviation of sqrt(1 / 12 n), chi-square one of sqrt(2 (bins - 1)).
        assertThat(sum / COUNT).isCloseTo(0.5, within(4 / Math.sqrt(12.0 * COUNT)));
        double chiSquare = 0;
        double expected = (double) COUNT / bins;
        for (int count : counts) {
            chiSquare += (count - expected) * (count - expected) / expected;
        }
        assertThat(chiSquare).isCloseTo(bins - 1.0, within(4 * Math.sqrt(2.0 * (bins - 1))));
    }

    @ParameterizedTest
    @MethodSource("coordinates")
    void neighboursAreUncorrelated(IntToDoubleFunction stream) {
        for (int lag : new int[] {1, 2, 3, 64}) {
            double sum = 0;
            for (int i = 0; i < COUNT; i++) {
                sum += (stream.applyAsDouble(i) - 0.5) * (stream.applyAsDouble(i + lag) - 0.5);
            }
            // Of independent ones, each product has a standard deviation of 1 / 12.
            assertThat(sum / COUNT).as("lag %d", lag).isCloseTo(0, within(4 / (12 * Math.sqrt(COUNT))));
        }
    }

    @Test
    void pairsOfNeighboursFillTheSquare() {
        int side = 32;
        int[] counts = new int[side * side];
        for (int seed = 0; seed < COUNT; seed++) {
            int x = (int) (RandomStream.uniform(seed, 0, 0) * side);
            int y = (int) (RandomStream.uniform(seed + 1, 0, 1) * side);
            counts[x * side + y]++;
        }
        double expected = (double) COUNT / counts.length;
        double chiSquare = 0;
        for (int count : counts) {
            chiSquare += (count - expected) * (count - expected) / expected;
        }
        assertThat(chiSquare).isCloseTo(counts.length - 1.0, within(4 * Math.sqrt(2.0 * (counts.length - 1))));
    }

    @Test
    void rule4_3_everySeedChoiceAndStepHasANumberOfItsOwn() {
        Set<Double> numbers = new HashSet<>();
        int count = 0;
        for (long seed = -15; seed <= 15; seed++) {
            for (int choice = 0; choice < 15; choice++) {
                for (int step = 0; step < 100; step++, count++) {
                    numbers.add(RandomStream.uniform(seed, choice, step));
                }
            }
        }
        assertThat(numbers).hasSize(count);
    }

    @Test
    void rule4_4_isAFunctionOfItsArgumentsAlone() {
        double first = RandomStream.uniform(77, 2, 9);
        for (int i = 0; i < 10; i++) {
            assertThat(RandomStream.uniform(i, i, i)).isNotEqualTo(first);
        }
        assertThat(RandomStream.uniform(77, 2, 9)).isEqualTo(first);
    }

    /** A change of these is a change of every sampled text. */
    @Test
    void rule4_4_theNumbersArePinned() {
        assertThat(RandomStream.uniform(0, 0, 0)).isEqualTo(0x14e0dba5e9a32fp-53);
        assertThat(RandomStream.uniform(0, 0, 1)).isEqualTo(0x16705460be8829p-53);
        assertThat(RandomStream.uniform(0, 1, 0)).isEqualTo(0x8d6e7cf3e186fp-53);
        assertThat(RandomStream.uniform(1, 0, 0)).isEqualTo(0xbc835610e872cp-53);
        assertThat(RandomStream.uniform(-1, 7, 1023)).isEqualTo(0x2216a4b55999fp-53);
        assertThat(RandomStream.uniform(Long.MIN_VALUE, Integer.MAX_VALUE, Integer.MAX_VALUE))
                .isEqualTo(0x6ee647b912fd9p-53);
    }

    @Test
    void theSeedsOfNamesArePinned() {
        assertThat(RandomStream.seedOf("")).isEqualTo(0xe3b0c44298fc1c14L);
        assertThat(RandomStream.seedOf("abc")).isEqualTo(0xba7816bf8f01cfeaL);
        assertThat(RandomStream.seedOf("Grüße, 世界 🙂")).isEqualTo(0x6ae277fe553d5a94L);
        assertThat(RandomStream.seedOf("e\u0301")).isNotEqualTo(RandomStream.seedOf("\u00e9"));
        assertThat(GenerationParameters.seedOf("abc")).isEqualTo(RandomStream.seedOf("abc"));
    }
}
