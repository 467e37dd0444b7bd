package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.sampling.ReferenceSampler.Mistake;
import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The sampler against {@link ReferenceSampler}, over random logits with many exact ties and random parameters. */
class SamplerReferenceTest {

    private static final int STEPS = 4;

    static Stream<Kernels> kernels() {
        return Stream.of(Kernels.reference(), Kernels.best());
    }

    /** One case: logits at an offset in a larger array, and how to sample from them. */
    private static final class Case {
        private final float[] logits;
        private final float[] padded;
        private final int offset;
        private final SamplingParameters parameters;

        Case(SplittableRandom random) {
            // Above 64 top-k selects in another way.
            int n = 1 + random.nextInt(random.nextInt(8) == 0 ? 150 : 60);
            logits = new float[n];
            // Few levels make many ties; 1 << 20 of them make none.
            int levels = 1 << (random.nextBoolean() ? random.nextInt(6) : 20);
            double spread = 0.1 + random.nextDouble(8);
            for (int i = 0; i < n; i++) {
                logits[i] = (float) (spread * random.nextInt(levels) / levels);
                if (random.nextInt(40) == 0) {
                    logits[i] = Float.NEGATIVE_INFINITY;
                }
            }
            logits[random.nextInt(n)] = (float) spread / 2;
            double temperature = random.nextInt(20) == 0 ? 0 : 0.05 + random.nextDouble(3);
            int topK = random.nextBoolean() ? 0 : 1 + random.nextInt(n + 3);
            double topP = random.nextInt(3) == 0 ? 1 : 1 - random.nextDouble(1);
            offset = random.nextInt(5);
            // What lies around the logits is better than all of them, and must not be looked at.
            padded = new float[n + offset + 7];
            Arrays.fill(padded, 1e9f);
            System.arraycopy(logits, 0, padded, offset, n);
            double minP = random.nextBoolean() ? 0 : random.nextDouble(1) * random.nextDouble(1);
            double typicalP = random.nextBoolean() ? 1 : 1 - random.nextDouble(1);
            parameters = new SamplingParameters(temperature, topK, topP, minP, typicalP);
        }
    }

    /** Number of draws, {@code STEPS} for each case, in which the sampler and the reference differ. */
    private static int disagreements(Kernels kernels, ReferenceSampler reference, int cases) {
        SplittableRandom random = new SplittableRandom(42);
        int disagreements = 0;
        for (int i = 0; i < cases; i++) {
            Case c = new Case(random);
            Sampler sampler = new Sampler(kernels, c.logits.length);
            int[] expected = reference.sample(c.logits, c.parameters, i, 0, STEPS);
            for (int step = 0; step < STEPS; step++) {
                if (Draw.id(sampler, c.padded, c.offset, c.parameters, i, 0, step) != expected[step]) {
                    disagreements++;
                }
            }
        }
        return disagreements;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void rule4_1_everyDrawIsTheReferences(Kernels kernels) {
        assertThat(disagreements(kernels, new ReferenceSampler(Mistake.NONE), 3000))
                .isZero();
    }

    /** Pitfall P8 is the first of these. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void pitfallP8_aMistakeInTheOrderOfSamplingTurnsTheComparisonRed(Mistake mistake) {
        assertThat(disagreements(Kernels.best(), new ReferenceSampler(mistake), 500))
                .isGreaterThan(10);
    }

    @Test
    void whatIsEverDrawnIsExactlyWhatTheReferenceKeeps() {
        SplittableRandom random = new SplittableRandom(3);
        ReferenceSampler reference = new ReferenceSampler(Mistake.NONE);
        for (int i = 0; i < 150; i++) {
            int n = 2 + random.nextInt(9);
            float[] logits = new float[n];
            for (int id = 0; id < n; id++) {
                logits[id] = random.nextInt(4) * 0.3f;
            }
            int topK = random.nextInt(n + 1);
            double topP = random.nextBoolean() ? 1 : 1 - random.nextDouble(1);
            double minP = random.nextInt(3) == 0 ? random.nextDouble(1) : 0;
            double typicalP = random.nextInt(3) == 0 ? 1 - random.nextDouble(1) : 1;
            SamplingParameters parameters =
                    new SamplingParameters(0.5 + random.nextDouble(1), topK, topP, minP, typicalP);
            Sampler sampler = new Sampler(Kernels.best(), n);
            Set<Integer> drawn = new LinkedHashSet<>();
            for (int step = 0; step < 1000; step++) {
                drawn.add(Draw.id(sampler, logits, 0, parameters, i, 0, step));
            }
            assertThat(drawn)
                    .as("%s of %s", parameters, Arrays.toString(logits))
                    .containsExactlyInAnyOrderElementsOf(reference.kept(logits, parameters));
        }
    }

    @Test
    void aSamplerThatIsReusedDrawsAsAFreshOne() {
        SplittableRandom random = new SplittableRandom(5);
        int n = 61;
        Sampler reused = new Sampler(Kernels.best(), n);
        for (int i = 0; i < 500; i++) {
            float[] logits = new float[n];
            for (int id = 0; id < n; id++) {
                logits[id] = random.nextInt(8) * 0.5f;
            }
            SamplingParameters parameters = new SamplingParameters(
                    random.nextDouble(2),
                    random.nextInt(n + 1),
                    random.nextBoolean() ? 1 : 1 - random.nextDouble(1),
                    random.nextBoolean() ? 0 : random.nextDouble(1),
                    random.nextBoolean() ? 1 : 1 - random.nextDouble(1));
            assertThat(Draw.id(reused, logits, 0, parameters, 1, 2, i))
                    .isEqualTo(Draw.id(new Sampler(Kernels.best(), n), logits, 0, parameters, 1, 2, i));
        }
    }
}
