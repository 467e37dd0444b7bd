package io.flinkgpt2.constraint;

/** A cursor over the characters of a regex, without {@code \Q} and {@code \E}: what stands between them is quoted. */
final class RegexText {
    /** The character behind the end. */
    static final int END = -1;

    private final String path;
    private final int[] characters;
    private final boolean[] quoted;

    /** The place of each character in the regex as written, counted in code points from 1; one more for the end. */
    private final int[] columns;

    private final int length;
    private int at;

    /**
     * @param path the place of the regex inside the constraint, for messages
     * @throws InvalidConstraintException if the regex has a lone surrogate
     */
    RegexText(String path, String regex) throws InvalidConstraintException {
        this.path = path;
        int[] written = regex.codePoints().toArray();
        for (int i = 0; i < written.length; i++) {
            if (CodePoints.isSurrogate(written[i])) {
                throw new InvalidConstraintException(
                        path,
                        String.format(
                                "found the lone surrogate U+%04X at character %d, expected text that has a UTF-8 form",
                                written[i], i + 1));
            }
        }
        characters = new int[written.length];
        quoted = new boolean[written.length];
        columns = new int[written.length + 1];
        int count = 0;
        boolean inQuote = false;
        for (int i = 0; i < written.length; i++) {
            int c = written[i];
            int next = i + 1 < written.length ? written[i + 1] : END;
            if (c == '\\' && next == (inQuote ? 'E' : 'Q')) {
                inQuote = !inQuote;
                i++;
                continue;
            }
            columns[count] = i + 1;
            quoted[count] = inQuote;
            characters[count++] = c;
            if (c == '\\' && !inQuote && next != END) {
                columns[count] = i + 2;
                characters[count++] = next;
                i++;
            }
        }
        columns[count] = written.length + 1;
        length = count;
    }

    /** Returns the next character, or {@link #END}, and leaves it there. */
    int peek() {
        return peek(0);
    }

    /** Returns the character that many places on. */
    int peek(int distance) {
        return at + distance < length ? characters[at + distance] : END;
    }

    /** Returns whether the next character is this one and means more than itself. */
    boolean at(char special) {
        return at(0, special);
    }

    boolean at(int distance, char special) {
        return peek(distance) == special && !quoted[at + distance];
    }

    /** Returns whether the next characters are these, and moves behind them if so. */
    boolean accept(String special) {
        for (int i = 0; i < special.length(); i++) {
            if (!at(i, special.charAt(i))) {
                return false;
            }
        }
        at += special.length();
        return true;
    }

    /** Returns the next character and moves behind it. */
    int take() throws InvalidConstraintException {
        if (at == length) {
            throw refused("the end of the regex", "more of it");
        }
        return characters[at++];
    }

    /** Returns a refusal that names the place of the next character. */
    InvalidConstraintException refused(String found, String expected) {
        return new InvalidConstraintException(
                path, "found " + found + " at character " + columns[at] + ", expected " + expected);
    }

    /** Returns a refusal of a character that means itself only behind a backslash. */
    InvalidConstraintException unescaped(char special) {
        return refused("'" + special + "'", "it behind a backslash if it means itself");
    }
}
