package io.flinkgpt2.job.record;

/** Integers among JSON's numbers, however they are written: {@code 16}, {@code 16.0}, {@code 1.6e1}. */
final class JsonIntegers {
    /** Digits of the largest long. */
    private static final int MOST_DIGITS = 19;

    /** Digits of the largest exponent that is looked at; a longer one leaves every long. */
    private static final int MOST_EXPONENT_DIGITS = 9;

    private JsonIntegers() {}

    /** Whether a number can be a long. */
    enum Kind {
        /** It is one, exactly. */
        LONG,
        /** It has a fraction. */
        FRACTION,
        /** It is an integer below or above all longs. */
        OUT_OF_RANGE
    }

    /** @param value the number if it is a {@link Kind#LONG}, else 0 */
    record Parsed(Kind kind, long value) {}

    /**
     * Reads a number exactly: no digit is rounded, and the time it takes follows the text, not the exponent.
     *
     * @param number in JSON's form
     */
    static Parsed parse(String number) {
        boolean negative = number.startsWith("-");
        int exponentAt = Math.max(number.indexOf('e'), number.indexOf('E'));
        String mantissa = number.substring(negative ? 1 : 0, exponentAt < 0 ? number.length() : exponentAt);
        int point = mantissa.indexOf('.');
        String digits = mantissa.replace(".", "");
        int first = 0;
        while (first < digits.length() && digits.charAt(first) == '0') {
            first++;
        }
        int end = digits.length();
        while (end > first && digits.charAt(end - 1) == '0') {
            end--;
        }
        if (first == end) {
            return new Parsed(Kind.LONG, 0);
        }
        // The value is digits[first..end) * 10^zeros.
        long zeros = exponent(exponentAt < 0 ? "0" : number.substring(exponentAt + 1))
                - (point < 0 ? 0 : mantissa.length() - point - 1)
                + (digits.length() - end);
        if (zeros < 0) {
            return new Parsed(Kind.FRACTION, 0);
        }
        if (end - first + zeros > MOST_DIGITS) {
            return new Parsed(Kind.OUT_OF_RANGE, 0);
        }
        try {
            String sign = negative ? "-" : "";
            return new Parsed(Kind.LONG, Long.parseLong(sign + digits.substring(first, end) + "0".repeat((int) zeros)));
        } catch (NumberFormatException e) {
            return new Parsed(Kind.OUT_OF_RANGE, 0);
        }
    }

    /** Returns an exponent, or one of the same sign that is as good as it. */
    private static long exponent(String text) {
        boolean negative = text.startsWith("-");
        int first = negative || text.startsWith("+") ? 1 : 0;
        while (first < text.length() - 1 && text.charAt(first) == '0') {
            first++;
        }
        long size = text.length() - first > MOST_EXPONENT_DIGITS
                ? Integer.MAX_VALUE
                : Long.parseLong(text.substring(first));
        return negative ? -size : size;
    }
}
