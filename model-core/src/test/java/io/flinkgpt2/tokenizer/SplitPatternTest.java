package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tokenizer.TokenizerFiles.Row;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitPatternTest {
    private static final Predicate<String> LETTER = whole(SplitPattern.LETTER);
    private static final Predicate<String> NUMBER = whole(SplitPattern.NUMBER);
    private static final Predicate<String> WHITE_SPACE = whole(SplitPattern.WHITE_SPACE);
    private static final Predicate<String> OTHER = whole(SplitPattern.OTHER);

    private static Predicate<String> whole(String characterClass) {
        return Pattern.compile(characterClass).asMatchPredicate();
    }

    /** White_Space of Unicode's PropList.txt. */
    @Test
    void rule2_1_whiteSpaceIsUnicodes() {
        assertThat(allCodePoints()
                        .filter(c -> WHITE_SPACE.test(Character.toString(c)))
                        .mapToObj(c -> String.format("%04X", c))
                        .collect(Collectors.joining(" ")))
                .isEqualTo("0009 000A 000B 000C 000D 0020 0085 00A0 1680 2000 2001 2002 2003 2004 2005 2006 2007 2008"
                        + " 2009 200A 2028 2029 202F 205F 3000");
    }

    /** 141,028 letters and 1,911 numbers in DerivedGeneralCategory.txt of Unicode 16. A newer JDK may know more. */
    @Test
    void lettersAndNumbersAreThoseOfUnicode16OnEveryJdk() {
        assertThat(allCodePoints().filter(c -> LETTER.test(Character.toString(c))))
                .hasSize(141_028);
        assertThat(allCodePoints().filter(c -> NUMBER.test(Character.toString(c))))
                .hasSize(1_911);
    }

    @Test
    void everyCharacterIsOfExactlyOneClass() {
        allCodePoints().forEach(c -> {
            String character = Character.toString(c);
            long classes = List.of(LETTER, NUMBER, WHITE_SPACE, OTHER).stream()
                    .filter(characterClass -> characterClass.test(character))
                    .count();
            if (classes != 1) {
                throw new AssertionError(String.format("U+%04X is of %d classes", c, classes));
            }
        });
    }

    @Test
    void lettersThatJdk17DoesNotKnowAreLetters() {
        // U+31350 came with Unicode 15, U+1C89 with Unicode 16, U+10D40 with Unicode 16.
        assertThat(pieces("a\uD884\uDF50b \u1C89 \uD803\uDD401"))
                .containsExactly("a\uD884\uDF50b", " \u1C89", " \uD803\uDD401");
    }

    @Test
    void piecesAreThoseOfGpt2() {
        assertThat(pieces("I'm 42, isn't it?  \n\tYes\u00A0\u3000no'LL "))
                .containsExactly(
                        "I", "'m", " 42", ",", " isn", "'t", " it", "?", "  \n", "\t", "Yes", "\u00A0", "\u3000", "no",
                        "'", "LL", " ");
    }

    @Test
    void pitfallP9_asciiWhiteSpaceWouldFailTheGoldenRows() throws IOException {
        Pattern mistaken =
                Pattern.compile("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

        Map<String, Integer> ranks = NaiveBpe.gpt2Ranks();
        List<Row> rows = TokenizerFiles.rows("gpt2.jsonl");

        assertThat(rows)
                .anySatisfy(row -> assertThat(naive(row, mistaken, ranks)).isNotEqualTo(row.tokenIdArray()));
        assertThat(rows)
                .allSatisfy(
                        row -> assertThat(naive(row, SplitPattern.GPT2, ranks)).isEqualTo(row.tokenIdArray()));
    }

    private static int[] naive(Row row, Pattern pattern, Map<String, Integer> ranks) {
        return NaiveBpe.encode(row.text(), pattern, (a, b) -> ranks.getOrDefault(a + b, NaiveBpe.NO_MERGE)).stream()
                .mapToInt(ranks::get)
                .toArray();
    }

    private static List<String> pieces(String text) {
        return SplitPattern.GPT2.matcher(text).results().map(MatchResult::group).toList();
    }

    private static IntStream allCodePoints() {
        return IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE);
    }
}
