package io.flinkgpt2.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random regexes mean what they mean to {@link Pattern}. */
class RegexDifferentialTest {
    private static final int[] CHARACTERS = {
        'a', 'b', 'c', 'A', 'Z', '0', '7', ' ', '-', '.', '&', '*', ']', '^', '\\', '\n', '\r', '\t', 1, 7, 27, 0x85,
        0xa0, 0x2028, 0xe9, 0xdf, 0x3b1, 0x430, 0x65e5, 0x672c, 0xfffd, 0x1f600, 0x1f601, 0x1f602, 0x10ffff
    };

    @Test
    void randomRegexesMatchTheSameTexts() {
        compare(1, 400);
    }

    @Test
    @Tag("full")
    void moreRandomRegexesMatchTheSameTexts() {
        compare(2, 10_000);
    }

    private static void compare(int seed, int regexCount) {
        SplittableRandom random = new SplittableRandom(seed);
        RandomRegex regexes = new RandomRegex(random);
        int taken = 0;
        int matching = 0;
        int endless = 0;
        for (int i = 0; i < regexCount; i++) {
            String regex = regexes.next();
            Pattern pattern;
            try {
                pattern = Pattern.compile(regex);
            } catch (PatternSyntaxException e) {
                pattern = null;
            }
            ConstraintAutomaton automaton;
            try {
                automaton = Walks.automaton(ConstraintSource.regex(regex));
            } catch (InvalidConstraintException e) {
                continue;
            }
            if (pattern == null) {
                fail("java.util.regex refuses %s", regex);
            }
            taken++;
            for (int j = 0; j < 20; j++) {
                String text = j < 12 ? Walks.randomText(automaton, random, 200) : null;
                String other = text == null ? random(random, "") : random(random, text);
                try {
                    if (text != null) {
                        assertThat(matches(pattern, text))
                                .as("%s should match %s", regex, escaped(text))
                                .isTrue();
                        matching++;
                    }
                    assertThat(Walks.matches(automaton, other))
                            .as("%s and %s", regex, escaped(other))
                            .isEqualTo(matches(pattern, other));
                } catch (EndlessMatchException e) {
                    endless++;
                }
            }
        }
        assertThat(taken).isGreaterThan(regexCount * 3 / 4);
        assertThat(matching).isGreaterThan(regexCount * 5);
        assertThat(endless).as("of %d", taken * 20).isLessThan(taken * 20 / 100);
    }

    /** Thrown where {@link Pattern} goes back and forth without end, which an automaton does not. */
    private static final class EndlessMatchException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static boolean matches(Pattern pattern, String text) {
        return pattern.matcher(new CountedText(text, new AtomicInteger())).matches();
    }

    /** A text that may be looked at so often. */
    private record CountedText(String text, AtomicInteger looks) implements CharSequence {
        private static final int MOST_LOOKS = 5_000_000;

        @Override
        public char charAt(int index) {
            if (looks.incrementAndGet() > MOST_LOOKS) {
                throw new EndlessMatchException();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    /** Returns a text with one character put in, taken out or changed; or of a few random ones. */
    private static String random(SplittableRandom random, String text) {
        StringBuilder out = new StringBuilder();
        int[] characters = text.codePoints().toArray();
        int at = random.nextInt(characters.length + 1);
        int kind = random.nextInt(3);
        for (int i = 0; i < characters.length; i++) {
            if (i == at && kind != 1) {
                out.appendCodePoint(CHARACTERS[random.nextInt(CHARACTERS.length)]);
            }
            if (i != at || kind == 0) {
                out.appendCodePoint(characters[i]);
            }
        }
        if (at == characters.length && kind != 1) {
            out.appendCodePoint(CHARACTERS[random.nextInt(CHARACTERS.length)]);
        }
        return out.toString();
    }

    private static String escaped(String text) {
        return JsonTexts.string(text);
    }
}
