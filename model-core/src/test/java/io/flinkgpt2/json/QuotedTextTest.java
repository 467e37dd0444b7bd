package io.flinkgpt2.json;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuotedTextTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {"abcde | \"abcde\"", "abcdef | \"abcde...\"", "'' | \"\"", "a\\b\" | \"a\\\\b\\\"\""})
    void aTextIsQuotedAndCutAtItsLength(String text, String expected) {
        assertThat(QuotedText.of(text, 5)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "\u0000\u0007", "\u001b[31m", "\ud83d", "\r\n\t", "\u0085\u009b"})
    void whateverTheTextItStaysOnOneLineOfWholeCharacters(String text) {
        assertThat(QuotedText.of(text, 100)).doesNotMatch("(?s).*\\p{Cntrl}.*").doesNotContain("\u009b", "\u0085");
        assertThat(QuotedText.of(text, 100).codePoints()).noneMatch(c -> Character.getType(c) == Character.SURROGATE);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4})
    void aCharacterIsNeverCutInTwo(int longest) {
        assertThat(QuotedText.of("\ud83d\ude00\ud83d\ude00", longest).codePoints())
                .noneMatch(c -> Character.getType(c) == Character.SURROGATE);
    }
}
