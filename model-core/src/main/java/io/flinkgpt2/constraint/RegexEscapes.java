package io.flinkgpt2.constraint;

/** A parser of what stands behind a backslash in a regex. */
final class RegexEscapes {
    private static final CodePoints HORIZONTAL =
            CodePoints.of(" \t\u00a0\u1680\u180e\u202f\u205f\u3000").union(CodePoints.between(0x2000, 0x200a));
    private static final CodePoints VERTICAL = CodePoints.of("\n\u000b\f\r\u0085\u2028\u2029");

    private static final int NO_DIGITS = -1;

    private final RegexText text;
    private final UnicodeProperties properties;
    private final Budget budget;

    RegexEscapes(RegexText text, UnicodeProperties properties, Budget budget) {
        this.text = text;
        this.budget = budget;
        this.properties = properties;
    }

    /** Returns the characters that the escape at the cursor stands for, outside a character class. */
    CodePoints outside() throws InvalidConstraintException {
        CodePoints set = predefined();
        if (set != null) {
            return set;
        }
        int c = character();
        return CodePoints.between(c, c);
    }

    /** Returns the set of an escape such as {@code \d}; or null, and the cursor stays, if it stands for one character. */
    CodePoints predefined() throws InvalidConstraintException {
        CodePoints set = switch (text.peek()) {
            case 'd', 'D' -> CodePoints.DIGITS;
            case 's', 'S' -> CodePoints.SPACES;
            case 'w', 'W' -> CodePoints.WORD;
            case 'h', 'H' -> HORIZONTAL;
            case 'v', 'V' -> VERTICAL;
            case 'p', 'P' -> null;
            default -> CodePoints.NONE;
        };
        if (set == CodePoints.NONE) {
            return null;
        }
        int letter = text.take();
        if (set == null) {
            set = property();
        }
        return Character.isUpperCase(letter) ? set.complement() : set;
    }

    private CodePoints property() throws InvalidConstraintException {
        StringBuilder name = new StringBuilder();
        if (text.accept("{")) {
            for (int c = text.take(); c != '}'; c = text.take()) {
                name.appendCodePoint(c);
            }
        } else {
            name.appendCodePoint(text.take());
        }
        budget.spendProperty(name.toString());
        CodePoints set = properties.get(name.toString());
        if (set == null) {
            throw text.refused("a character property that java.util.regex does not have", "one such as \\p{L}");
        }
        return set;
    }

    /** Returns the character that the escape at the cursor stands for. */
    int character() throws InvalidConstraintException {
        int c = text.take();
        return switch (c) {
            case 't' -> '\t';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 'f' -> '\f';
            case 'a' -> 7;
            case 'e' -> 27;
            case '0' -> octal();
            case 'x' -> hexadecimal();
            case 'u' -> utf16();
            case 'c' -> text.take() ^ 64;
            case '1', '2', '3', '4', '5', '6', '7', '8', '9', 'k' ->
                throw text.refused("a back-reference", "none: such a regex is not regular");
            case 'b', 'B', 'G' ->
                throw text.refused("the boundary \\" + (char) c, "none; spell out what may stand on either side");
            case 'A', 'z', 'Z' ->
                throw text.refused(
                        "the anchor \\" + (char) c,
                        "anchors only at the ends of the regex or of its outermost alternatives");
            default -> {
                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
                    throw text.refused("the escape \\" + (char) c, "one that docs/constraints.md lists");
                }
                yield c;
            }
        };
    }

    /** Reads {@code n}, {@code nn} or, up to 377, {@code mnn}. */
    private int octal() throws InvalidConstraintException {
        int value = NO_DIGITS;
        for (int i = 0; i < 3 && text.peek() >= '0' && text.peek() <= '7'; i++) {
            if (i == 2 && value > 037) {
                break;
            }
            value = 8 * Math.max(value, 0) + text.take() - '0';
        }
        if (value == NO_DIGITS) {
            throw text.refused("\\0 without octal digits", "one to three of them");
        }
        return value;
    }

    /** Reads {@code hh} or {@code {h..h}}. */
    private int hexadecimal() throws InvalidConstraintException {
        if (!text.accept("{")) {
            return hexadecimal(2);
        }
        int value = NO_DIGITS;
        for (int c = text.take(); c != '}'; c = text.take()) {
            int digit = digit(c);
            value = 16 * Math.max(value, 0) + digit;
            if (value > Character.MAX_CODE_POINT) {
                throw text.refused("a code point over 10FFFF", "at most that");
            }
        }
        if (value == NO_DIGITS) {
            throw text.refused("\\x{} without digits", "hexadecimal ones");
        }
        return scalar(value);
    }

    private int hexadecimal(int digits) throws InvalidConstraintException {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            value = 16 * value + digit(text.take());
        }
        return value;
    }

    private int digit(int c) throws InvalidConstraintException {
        int digit = c < 0x80 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
            throw text.refused("another character in an escape", "a hexadecimal digit");
        }
        return digit;
    }

    /** Reads {@code hhhh}, and the second half of a surrogate pair if that was its first. */
    private int utf16() throws InvalidConstraintException {
        int first = hexadecimal(4);
        if (Character.isHighSurrogate((char) first) && text.accept("\\u")) {
            int second = hexadecimal(4);
            if (Character.isLowSurrogate((char) second)) {
                return Character.toCodePoint((char) first, (char) second);
            }
        }
        return scalar(first);
    }

    private int scalar(int value) throws InvalidConstraintException {
        if (CodePoints.isSurrogate(value)) {
            throw text.refused("the escape of a lone surrogate", "a character that has a UTF-8 form");
        }
        return value;
    }
}
