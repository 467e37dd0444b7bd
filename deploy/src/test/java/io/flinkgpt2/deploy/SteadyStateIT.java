package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The arithmetic of {@code deploy/test/topic-to-topic}. */
class SteadyStateIT {

    /** Batches of a slot, each of which takes a second and ends within a tenth of one; the first takes ten. */
    private static List<AnswerLog.Answer> batches(int partition, int count, int batch, int tokens) {
        List<AnswerLog.Answer> answers = new ArrayList<>();
        for (int i = 0; i < count * batch; i++) {
            long end = 10_000 + 1000L * (i / batch) + 100L * (i % batch + 1) / batch;
            answers.add(new AnswerLog.Answer(end, partition, tokens));
        }
        return answers;
    }

    @Test
    void batchesAreNotCutThrough() {
        assertThat(SteadyState.tokensPerSecond(batches(0, 8, 32, 64), 32)).isCloseTo(2048, within(1e-9));
        assertThat(SteadyState.tokensPerSecond(batches(0, 3, 32, 64), 32)).isCloseTo(2048, within(1e-9));
        assertThat(SteadyState.tokensPerSecond(batches(0, 20, 1, 64), 1)).isCloseTo(64, within(1e-9));
    }

    @Test
    void slotsAreAddedUp() {
        List<AnswerLog.Answer> answers = batches(0, 8, 32, 64);
        answers.addAll(batches(1, 8, 32, 64));

        assertThat(SteadyState.tokensPerSecond(answers, 32)).isCloseTo(4096, within(1e-9));
    }

    @Test
    void tooFewAnswersAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SteadyState.tokensPerSecond(batches(0, 2, 32, 64), 32))
                .withMessageContainingAll("found 64", "more than 64", "rounds");
    }

    @Test
    void theMedianIsOneOfTheValues() {
        assertThat(SteadyState.median(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
        assertThat(SteadyState.median(List.of(4.0, 1.0, 2.0, 3.0))).isEqualTo(2);
        assertThatIllegalArgumentException().isThrownBy(() -> SteadyState.median(List.of()));
    }
}
