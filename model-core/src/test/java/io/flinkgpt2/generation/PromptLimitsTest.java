package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.model.Gpt2Config;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class PromptLimitsTest {

    private static final int MAX_CONTEXT = 32;
    private static final Gpt2Config CONFIG = Gpt2Config.published(1, 1, 8);

    private static PromptLimits limits(int maxContext) {
        return new PromptLimits(CONFIG, maxContext);
    }

    /** Ids 0, 1, 2, ... */
    private static PromptTokens counted(PromptLimits limits, int length) {
        PromptTokens prompt = limits.newPrompt();
        prompt.addAll(range(0, length));
        return prompt;
    }

    private static int[] range(int from, int to) {
        return IntStream.range(from, to).toArray();
    }

    /** Around the longest prompt that fits, for what is to be generated: length, max_tokens, tokens that are kept. */
    @ParameterizedTest
    @CsvSource({
        "30, 1, 30",
        "31, 1, 31",
        "32, 1, 31",
        "33, 1, 31",
        "31, 0, 31",
        "32, 0, 32",
        "33, 0, 32",
        "31, 8, 31",
        "32, 8, 24",
        "500, 8, 24",
        "32, 30, 2",
        "32, 31, 1",
        "32, 32, 1",
        "32, 33, 1",
        "31, 33, 31",
        "32, 2147483647, 1",
        "31, 2147483647, 31",
        "1, 2147483647, 1",
    })
    void rule1_3_aPromptThatDoesNotFitIsCutToLeaveRoomForWhatIsGenerated(int length, int maxTokens, int kept) {
        PromptLimits limits = limits(MAX_CONTEXT);
        FittedPrompt left = limits.fit(counted(limits, length), maxTokens, PromptTruncation.LEFT);
        FittedPrompt right = limits.fit(counted(limits, length), maxTokens, PromptTruncation.RIGHT);

        assertThat(left.tokenIds()).isEqualTo(range(length - kept, length));
        assertThat(right.tokenIds()).isEqualTo(range(0, kept));
        assertThat(left.droppedTokens()).isEqualTo(length - kept);
        assertThat(right.droppedTokens()).isEqualTo(length - kept);
    }

    @ParameterizedTest
    @CsvSource({"30, 1", "31, 1", "31, 100", "31, 0", "32, 0"})
    void rule1_3_aPromptAtTheLimitIsTakenWhole(int length, int maxTokens) {
        PromptLimits limits = limits(MAX_CONTEXT);
        FittedPrompt prompt = limits.fit(counted(limits, length), maxTokens, PromptTruncation.ERROR);

        assertThat(prompt.tokenIds()).isEqualTo(range(0, length));
        assertThat(prompt.droppedTokens()).isZero();
        assertThat(limits.fit(range(0, length), maxTokens)).hasSize(length);
    }

    @ParameterizedTest
    @CsvSource({"32, 1, 31", "32, 100, 31", "33, 0, 32", "1000, 0, 32"})
    void rule1_3_aPromptPastTheLimitIsRefusedUnlessItMayBeCut(int length, int maxTokens, int longest) {
        PromptLimits limits = limits(MAX_CONTEXT);
        String message =
                "the prompt has " + length + " tokens, expected at most " + longest + " with a max-context of 32";

        assertThatThrownBy(() -> limits.fit(counted(limits, length), maxTokens, PromptTruncation.ERROR))
                .isInstanceOf(PromptTooLongException.class)
                .hasMessageContaining(message)
                .hasMessageContaining("n_positions, 1024");
        assertThatThrownBy(() -> limits.fit(range(0, length), maxTokens)).hasMessageContaining(message);
    }

    @Test
    void rule1_3_aContextOfOneTokenHasRoomForAPromptOnlyWhereNothingIsGenerated() {
        PromptLimits limits = limits(1);

        assertThat(limits.fit(counted(limits, 5), 0, PromptTruncation.LEFT).tokenIds())
                .containsExactly(4);
        for (PromptTruncation truncation : PromptTruncation.values()) {
            assertThatThrownBy(() -> limits.fit(counted(limits, 5), 1, truncation))
                    .isInstanceOf(PromptTooLongException.class)
                    .hasMessageContaining("at most 0");
            assertThatThrownBy(() -> limits.fit(counted(limits, 1), 1, truncation))
                    .isInstanceOf(PromptTooLongException.class);
            assertThatThrownBy(() -> limits.fit(limits.newPrompt(), 1, truncation))
                    .isInstanceOf(PromptTooLongException.class);
        }
    }

    @Test
    void rule1_3_maxContextIsAtMostThePositionsOfTheModel() {
        assertThat(limits(1024).maxContext()).isEqualTo(1024);
        for (int wrong : new int[] {1025, 0, -1, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> limits(wrong))
                    .withMessage("max-context: found " + wrong + ", expected 1..1024, the n_positions of the model");
        }
    }

    @ParameterizedTest
    @EnumSource
    void anEmptyPromptIsEndOfTextAndNothingIsDropped(PromptTruncation truncation) {
        PromptLimits limits = limits(MAX_CONTEXT);
        FittedPrompt prompt = limits.fit(limits.newPrompt(), 5, truncation);

        assertThat(prompt.tokenIds()).containsExactly(50256);
        assertThat(prompt.droppedTokens()).isZero();
    }

    @Test
    void anIdOutsideOfTheVocabularyIsRefusedEvenWhereItWouldBeDropped() {
        PromptTokens prompt = counted(limits(MAX_CONTEXT), 100);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> prompt.add(50257))
                .withMessage("token id at index 100: found 50257, expected 0..50256 (the model's vocabulary)");
        assertThatIllegalArgumentException().isThrownBy(() -> prompt.add(-1));
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "ERROR")
    void whatIsKeptOfPromptsOfAnyLengthIsOneEndOfThem(PromptTruncation truncation) {
        Random random = new Random(7);
        for (int round = 0; round < 500; round++) {
            int maxContext = 2 + random.nextInt(200);
            int maxTokens = random.nextInt(250);
            int[] ids = random.ints(random.nextInt(600) + 1, 0, 50257).toArray();
            PromptLimits limits = limits(maxContext);
            PromptTokens prompt = limits.newPrompt();
            prompt.addAll(ids);
            FittedPrompt fitted = limits.fit(prompt, maxTokens, truncation);

            int dropped = fitted.droppedTokens();
            int[] expected = truncation == PromptTruncation.LEFT
                    ? Arrays.copyOfRange(ids, dropped, ids.length)
                    : Arrays.copyOf(ids, ids.length - dropped);
            assertThat(prompt.length()).isEqualTo(ids.length);
            assertThat(fitted.tokenIds()).isEqualTo(expected);
            assertThat(limits.fit(fitted.tokenIds(), maxTokens)).isEqualTo(expected);
            assertThat(dropped == 0).isEqualTo(ids.length <= limits.longestPrompt(maxTokens));
            assertThat(dropped == 0 || fitted.tokenIds().length == 1 || expected.length + maxTokens == maxContext)
                    .isTrue();
        }
    }

    @Test
    void aPromptOfMillionsOfTokensIsNotKept() {
        PromptLimits limits = limits(4);
        PromptTokens prompt = limits.newPrompt();
        for (int i = 0; i < 5_000_000; i++) {
            prompt.add(i % 50257);
        }
        FittedPrompt fitted = limits.fit(prompt, 1, PromptTruncation.LEFT);

        assertThat(fitted.tokenIds()).isEqualTo(new int[] {4_999_997 % 50257, 4_999_998 % 50257, 4_999_999 % 50257});
        assertThat(fitted.droppedTokens()).isEqualTo(4_999_997);
    }

    @Test
    void aModelWithoutEndOfTextHasNoEmptyPrompt() {
        Gpt2Config without =
                new Gpt2Config(10, 8, 4, 1, 1, 4, CONFIG.activation(), 1e-5f, true, false, true, OptionalInt.empty());
        PromptLimits limits = new PromptLimits(without, 8);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> limits.fit(limits.newPrompt(), 1, PromptTruncation.LEFT))
                .withMessageContaining("no end-of-text token");
    }
}
