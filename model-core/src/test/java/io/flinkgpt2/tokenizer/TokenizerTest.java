package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
    private final Tokenizer gpt2 = Tokenizer.gpt2();

    @Test
    void rule2_1_gpt2HasItsVocabulary() {
        assertThat(gpt2.name()).isEqualTo("gpt2");
        assertThat(gpt2.vocabularySize()).isEqualTo(50257);
        assertThat(gpt2.endOfTextId()).hasValue(50256);
        assertThat(Tokenizer.gpt2()).isSameAs(gpt2);
    }

    @Test
    void rule2_1_helloWorldIsTheTwoIdsThatEverybodyKnows() {
        assertThat(gpt2.encode("Hello world")).containsExactly(15496, 995);
    }

    @Test
    void everyTokenOfGpt2IsDifferent() {
        assertThat(IntStream.range(0, 50257).mapToObj(id -> NaiveBpe.latin1(gpt2.bytes(id))))
                .doesNotHaveDuplicates()
                .allSatisfy(token -> assertThat(token).isNotEmpty());
        assertThat(IntStream.range(0, 50257)).allMatch(gpt2::contains);
    }

    @Test
    void theLongestTokenOfGpt2Has128Bytes() {
        assertThat(gpt2.longestTokenBytes())
                .isEqualTo(128)
                .isEqualTo(IntStream.range(0, 50257)
                        .map(id -> gpt2.bytes(id).length)
                        .max()
                        .orElseThrow());
    }

    @Test
    void rule2_2_textThatSpellsASpecialTokenIsOrdinaryUnlessAllowed() {
        String text = "a<|endoftext|>b";

        assertThat(gpt2.encode(text)).isEqualTo(gpt2.encode(text, false)).doesNotContain(50256);
        assertThat(gpt2.encode(text, true)).containsExactly(64, 50256, 65);
        assertThat(gpt2.encode("<|endoftext|><|endoftext|>", true)).containsExactly(50256, 50256);
        assertThat(gpt2.encode("<|endoftext|", true)).isEqualTo(gpt2.encode("<|endoftext|"));
        assertThat(gpt2.decode(gpt2.encode(text))).isEqualTo(text);
        assertThat(gpt2.decode(gpt2.encode(text, true))).isEqualTo(text);
    }

    @Test
    void aSpecialTokenEndsThePieceBeforeIt() {
        assertThat(gpt2.encode("Hello <|endoftext|> world", true)).containsExactly(15496, 220, 50256, 995);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 50257, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void rule2_1_idsOutsideTheVocabularyHaveNoBytesAndNoText(int id) {
        String message = "token id " + id + " is outside the vocabulary gpt2, whose ids run from 0 to 50256";

        assertThat(gpt2.decode(1, id, 1)).isEqualTo(gpt2.decode(1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> gpt2.bytes(id)).withMessageContaining(message);
        assertThat(gpt2.contains(id)).isFalse();
        assertThat(gpt2.streamingDecoder().accept(id)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc\uD83D", "abc\uDE42", "abc\uD83Dx", "abc\uDE42\uD83D", "abc\uD83D\uD83D\uDE42"})
    void aLoneSurrogateIsRefusedWithItsIndex(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> gpt2.encode(text))
                .withMessageContaining(
                        "U+" + Integer.toHexString(text.charAt(3)).toUpperCase(Locale.ROOT))
                .withMessageContaining("at index 3 of " + text.length());
        assertThatIllegalArgumentException().isThrownBy(() -> gpt2.encode(text, true));
    }

    @Test
    void bytesAreACopy() {
        Arrays.fill(gpt2.bytes(15496), (byte) 0);

        assertThat(gpt2.bytes(15496)).isEqualTo("Hello".getBytes(StandardCharsets.UTF_8));
        assertThat(gpt2.bytes(50256)).isEqualTo("<|endoftext|>".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void nothingEncodesToNothing() {
        assertThat(gpt2.encode("")).isEmpty();
        assertThat(gpt2.encode("", true)).isEmpty();
        assertThat(gpt2.decode()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "\n", "\uD83D\uDE42", "\u3000", "1", "!", "a ", "<|", "'ll", "\u0301"})
    void aHundredThousandRepetitionsEncodeAndDecode(String unit) {
        String text = unit.repeat(100_000);

        assertThat(gpt2.decode(gpt2.encode(text))).isEqualTo(text);
        assertThat(gpt2.decode(gpt2.encode(text + "x", true))).isEqualTo(text + "x");
    }

    @Test
    void manyThreadsEncodeAlike() {
        String text = "Many threads share one tokenizer; don't let them disturb each other. ".repeat(20);
        List<Integer> alone = Arrays.stream(gpt2.encode(text)).boxed().toList();

        assertThat(IntStream.range(0, 64)
                        .parallel()
                        .mapToObj(i -> Arrays.stream(gpt2.encode(text)).boxed().toList()))
                .hasSize(64)
                .allSatisfy(ids -> assertThat(ids).isEqualTo(alone));
    }
}
