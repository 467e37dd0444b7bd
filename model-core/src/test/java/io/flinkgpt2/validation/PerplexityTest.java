package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PerplexityTest {

    private Pretrained pretrained;
    private Gpt2 model;

    @BeforeAll
    void open() throws IOException {
        pretrained = Pretrained.open(GoldenModel.directory("untied-erf"));
        model = pretrained.model();
    }

    private int[] text(int tokens) {
        return new SplittableRandom(tokens)
                .ints(tokens, 0, model.config().vocabularySize())
                .toArray();
    }

    /** Each token on its own: its window is the first that reaches it, its probability that of a pass of its own. */
    private double expectedNats(int[] ids, int window, int stride) {
        double sum = 0;
        int count = 0;
        for (int token = 1; token < ids.length; token++) {
            int begin = 0;
            while (begin + window <= token) {
                begin += stride;
            }
            if (begin == token) {
                continue;
            }
            float[] last = Passes.lastLogits(model, Arrays.copyOfRange(ids, begin, token));
            double total = 0;
            for (float logit : last) {
                total += Math.exp(logit);
            }
            sum += Math.log(total) - last[ids[token]];
            count++;
        }
        return sum / count;
    }

    @ParameterizedTest
    @CsvSource({
        // tokens, window, stride, scored, windows
        "2, 96, 96, 1, 1",
        "40, 96, 48, 39, 1",
        "100, 96, 48, 99, 2",
        "96, 96, 96, 95, 1",
        "97, 96, 96, 95, 2",
        "50, 10, 10, 45, 5",
        "50, 10, 1, 49, 41",
        "53, 10, 7, 52, 8",
        "90, 80, 5, 89, 3"
    })
    void isThatOfEachTokenInTheFirstWindowThatReachesIt(int tokens, int window, int stride, int scored, int windows) {
        int[] ids = text(tokens);
        List<Integer> progress = new ArrayList<>();

        Perplexity perplexity = Perplexity.of(model, ids, window, stride, progress::add);

        assertThat(perplexity.nats()).isCloseTo(expectedNats(ids, window, stride), within(1e-5));
        assertThat(perplexity.value()).isCloseTo(Math.exp(perplexity.nats()), within(1e-6));
        assertThat(perplexity.scoredTokens()).isEqualTo(scored);
        assertThat(perplexity.windows()).isEqualTo(windows);
        assertThat(progress).hasSize(windows).isSorted().last().isEqualTo(tokens);
    }

    @Test
    void isTheSumOfTheGoldenLogProbability() throws IOException {
        var directory = GoldenModel.directory("untied-erf");
        for (ExpectedCase golden : ExpectedValues.read(
                        directory.resolve("expected.json"), directory, pretrained.config())
                .cases()) {
            if (golden.promptTokenIds().length > 1) {
                Perplexity perplexity = Perplexity.of(model, golden.promptTokenIds(), 96, 96, done -> {});
                assertThat(-perplexity.negativeLogLikelihood())
                        .isCloseTo(golden.sumLogProbability().orElseThrow(), within(1e-3));
            }
        }
    }

    @Test
    void bitsPerByteDivideTheWholeByTheBytes() {
        Perplexity perplexity = new Perplexity(5, 4, 1, 8, 8, 8 * Math.log(2));

        assertThat(perplexity.bitsPerByte(16)).isCloseTo(0.5, within(1e-12));
        assertThat(perplexity.value()).isCloseTo(4, within(1e-12));
    }

    @Test
    void whatIsOutOfRangeIsRefused() {
        int[] ids = text(10);
        assertThatThrownBy(() -> Perplexity.of(model, ids, 97, 8, done -> {}))
                .hasMessage("max-context: found 97, expected 2..96, the n_positions of the model");
        assertThatThrownBy(() -> Perplexity.of(model, ids, 1, 1, done -> {}))
                .hasMessageContaining("found 1, expected 2");
        assertThatThrownBy(() -> Perplexity.of(model, ids, 8, 9, done -> {}))
                .hasMessage("stride: found 9, expected 1..8, the tokens of a window");
        assertThatThrownBy(() -> Perplexity.of(model, ids, 8, 0, done -> {})).hasMessageContaining("stride: found 0");
        assertThatThrownBy(() -> Perplexity.of(model, text(1), 8, 8, done -> {}))
                .hasMessageContaining("found 1 tokens, expected 2 or more");
        assertThatThrownBy(() -> Perplexity.of(model, new int[] {1, 517, 1}, 8, 8, done -> {}))
                .hasMessageContaining("517");
    }

    @Test
    void anInterruptionEndsIt() {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> Perplexity.of(model, text(10), 8, 8, done -> {}))
                    .isInstanceOf(CancellationException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
