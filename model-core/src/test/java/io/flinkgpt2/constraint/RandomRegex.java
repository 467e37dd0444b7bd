package io.flinkgpt2.constraint;

import java.util.SplittableRandom;

/** Random regexes of the dialect, over few characters so that random texts have a chance to match. */
final class RandomRegex {
    private static final String[] ATOMS = {
        "a",
        "b",
        "c",
        "-",
        "é",
        "日",
        "😀",
        " ",
        ".",
        "\\d",
        "\\w",
        "\\s",
        "\\D",
        "\\W",
        "\\S",
        "\\.",
        "\\\\",
        "\\t",
        "\\n",
        "\\x61",
        "\\u0062",
        "\\x{1F600}",
        "\\uD83D\\uDE00",
        "\\0141",
        "\\Qa.b\\E",
        "\\Q*\\E",
        "\\p{L}",
        "\\P{L}",
        "\\p{Lu}",
        "\\p{Alpha}",
        "\\p{IsGreek}",
        "\\pN",
        "\\h",
        "\\v",
        "\\H",
        "\\V",
        "\\cA",
        "\\e",
        "\\a",
        "]",
        "}",
        "\\p{InCyrillic}",
        "\\p{Punct}"
    };
    private static final String[] ITEMS = {
        "a",
        "b",
        "a-c",
        "é",
        "à-ü",
        "😀",
        "\\d",
        "\\w",
        "\\W",
        "\\s",
        "\\]",
        "\\-",
        "\\^",
        "0-9",
        "日-本",
        "\\n",
        "\\x{61}-\\x{63}",
        "\\p{L}",
        "\\P{Lu}",
        ".",
        "$",
        "(",
        "\\Q]\\E",
        "\\u0061",
        "\\h",
        "😀-😂",
        "[a-b]",
        "[^a]",
        "[^b\\d]",
        "^",
        "-"
    };

    /** The items that may stand first. */
    private static final int PLAIN_ITEMS = ITEMS.length - 5;

    private static final String[] QUANTIFIERS = {"*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "{0}", "{1,9}"};

    private final SplittableRandom random;

    RandomRegex(SplittableRandom random) {
        this.random = random;
    }

    String next() {
        String regex = alternatives(2);
        return switch (random.nextInt(6)) {
            case 0 -> "^" + alternatives(1) + "$";
            case 1 -> "\\A" + regex + "|^" + alternatives(1) + "\\z";
            default -> regex;
        };
    }

    private String alternatives(int depth) {
        StringBuilder out = new StringBuilder(sequence(depth));
        while (random.nextInt(3) == 0) {
            out.append('|').append(random.nextInt(10) == 0 ? "" : sequence(depth));
        }
        return out.toString();
    }

    private String sequence(int depth) {
        StringBuilder out = new StringBuilder();
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            out.append(atom(depth));
            if (random.nextInt(3) == 0) {
                out.append(QUANTIFIERS[random.nextInt(QUANTIFIERS.length)]);
            }
        }
        return out.toString();
    }

    private String atom(int depth) {
        return switch (random.nextInt(depth > 0 ? 8 : 5)) {
            case 0, 1 -> characterClass();
            case 5 -> "(" + alternatives(depth - 1) + ")";
            case 6 -> "(?:" + alternatives(depth - 1) + ")";
            case 7 -> "(?<name" + random.nextInt(1_000_000_000) + ">" + alternatives(depth - 1) + ")";
            default -> ATOMS[random.nextInt(ATOMS.length)];
        };
    }

    private String characterClass() {
        StringBuilder out = new StringBuilder(random.nextInt(3) == 0 ? "[^" : "[");
        out.append(items(random.nextInt(1, 4)));
        while (random.nextInt(5) == 0) {
            out.append("&&").append(random.nextBoolean() ? "[^" + items(2) + "]" : items(2));
        }
        return out.append(']').toString();
    }

    private String items(int count) {
        StringBuilder out = new StringBuilder(ITEMS[random.nextInt(PLAIN_ITEMS)]);
        for (int i = 1; i < count; i++) {
            out.append(ITEMS[random.nextInt(ITEMS.length)]);
        }
        return out.toString();
    }
}
