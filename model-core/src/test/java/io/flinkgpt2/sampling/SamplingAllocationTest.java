package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.flinkgpt2.tensor.Kernels;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Choosing and scoring tokens allocates nothing, whatever the parameters. The scalar kernels allocate nothing of their own. */
class SamplingAllocationTest {

    private static final int VOCABULARY = 500;
    private static final int STEPS = 200;
    private static final int MOST_ROUNDS = 50;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final float[] model = new float[VOCABULARY];
    private final float[] logits = new float[VOCABULARY];
    private final Sampler sampler = new Sampler(Kernels.reference(), VOCABULARY);
    private final BeamCandidates beams = new BeamCandidates(Kernels.reference(), VOCABULARY);

    SamplingAllocationTest() {
        SplittableRandom random = new SplittableRandom(1);
        for (int id = 0; id < VOCABULARY; id++) {
            model[id] = (float) random.nextDouble(-5, 5);
        }
    }

    @Test
    void aStepAllocatesNothing() {
        List<SamplingParameters> settings = List.of(
                new SamplingParameters(0, 0, 1),
                new SamplingParameters(1, 0, 1),
                new SamplingParameters(1, 40, 1),
                new SamplingParameters(1, 100, 0.9),
                new SamplingParameters(1, 0, 0.9),
                new SamplingParameters(1, 0, 1, 0.05, 1),
                new SamplingParameters(1, 0, 1, 0, 0.9),
                new SamplingParameters(0.8, 300, 0.9, 0.01, 0.95));
        for (SamplingParameters sampling : settings) {
            GenerationParameters parameters = GenerationParameters.builder()
                    .setSampling(sampling)
                    .setSeed(1)
                    .build();
            // HotSpot compiles in the background; a step that allocates always does, and leaves no round at zero.
            long least = Long.MAX_VALUE;
            for (int round = 0; round < MOST_ROUNDS && least > 0; round++) {
                LogitsProcessor[] processors = processors();
                TokenScores scores = new TokenScores(STEPS, 5, new int[] {1, 2});
                long before = threads.getCurrentThreadAllocatedBytes();
                steps(parameters, processors, scores);
                least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
                assertThat(scores.size()).isEqualTo(STEPS);
            }
            assertThat(least).as("bytes of %d steps, %s", STEPS, sampling).isZero();
        }
    }

    private static LogitsProcessor[] processors() {
        LogitsParameters all = new LogitsParameters(
                new int[] {4, 5}, new float[] {1, -1}, ascending(VOCABULARY - 1), List.of(), 3, 1.2, 0.1, 0.2);
        return LogitsProcessors.of(
                        all,
                        20,
                        new int[] {9},
                        ascending(50),
                        List.of(new int[] {7}, new int[] {1, 2, 3}),
                        null,
                        50 + STEPS,
                        VOCABULARY)
                .toArray(LogitsProcessor[]::new);
    }

    private static int[] ascending(int count) {
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            ids[i] = i;
        }
        return ids;
    }

    private void steps(GenerationParameters parameters, LogitsProcessor[] processors, TokenScores scores) {
        for (int step = 0; step < STEPS; step++) {
            System.arraycopy(model, 0, logits, 0, VOCABULARY);
            int id = sampler.sample(logits, 0, processors, parameters, 0, step, scores)
                    .id();
            sampler.sample(logits, 0, processors, parameters, 0, step);
            beams.select(logits, 0, processors, BeamCandidates.MAX_CANDIDATES, step);
            for (LogitsProcessor processor : processors) {
                processor.accept(id);
            }
        }
    }
}
