package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What half precision and eighth cost: the perplexity of the bundled model on text that it was not trained on, 251,583 bytes,
 * 60,035 tokens.
 */
class FairytalesPerplexityTest {

    private static final int WINDOW = 256;
    private static final int PART = 1_200;

    private static int[] heldOut(Pretrained fairytales) throws IOException {
        try (InputStream file = FairytalesPerplexityTest.class.getResourceAsStream("/fairytales/heldout.txt")) {
            return fairytales.tokenizer().encode(new String(file.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    private static Map<Precision, Perplexity> measure(int mostTokens, int stride) throws IOException {
        Map<Precision, Perplexity> measured = new EnumMap<>(Precision.class);
        for (Precision precision : Precision.values()) {
            Pretrained fairytales = Pretrained.open(
                    Path.of("..", "deploy", "models", "fairytales"),
                    LoadOptions.defaults().withPrecision(precision));
            int[] all = heldOut(fairytales);
            int[] ids = Arrays.copyOf(all, Math.min(all.length, mostTokens));
            measured.put(precision, Perplexity.of(fairytales.model(), ids, WINDOW, stride, done -> {}));
        }
        return measured;
    }

    private static void assertReducedPrecisionCostsLittle(Map<Precision, Perplexity> measured) {
        double f32 = measured.get(Precision.F32).value();
        assertThat(measured.get(Precision.BF16).value() / f32).isCloseTo(1, within(0.005));
        assertThat(measured.get(Precision.INT8).value() / f32).isCloseTo(1, within(0.02));
        // They are other numbers, so the weights are really kept otherwise.
        assertThat(measured.values().stream().map(Perplexity::value).distinct()).hasSize(3);
    }

    @Test
    void rule1_9_aPartOfTheTextIsForetoldNearlyAsWellInBf16AndInt8() throws IOException {
        Map<Precision, Perplexity> measured = measure(PART, WINDOW / 2);

        assertReducedPrecisionCostsLittle(measured);
        assertThat(measured.get(Precision.F32).scoredTokens()).isEqualTo(PART - 1);
        assertThat(measured.get(Precision.F32).nats()).isBetween(3.5, 4.5);
    }

    @Test
    @Tag("full")
    void rule1_9_theWholeTextIsForetoldNearlyAsWellInBf16AndInt8() throws IOException {
        Map<Precision, Perplexity> measured = measure(Integer.MAX_VALUE, WINDOW);

        assertReducedPrecisionCostsLittle(measured);
        assertThat(measured.get(Precision.F32).tokens()).isEqualTo(60_035);
        assertThat(measured.get(Precision.F32).value()).isCloseTo(60.2689, within(0.001));
    }
}
