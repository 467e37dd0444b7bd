package io.flinkgpt2.constraint;

import java.util.Arrays;

/** An immutable set of Unicode scalar values: code points that are not surrogates, which UTF-8 cannot spell. */
final class CodePoints {
    static final CodePoints NONE = new CodePoints(new int[0]);
    static final CodePoints ALL = between(0, Character.MAX_CODE_POINT);
    static final CodePoints DIGITS = between('0', '9');
    static final CodePoints SPACES = of("\t\n\u000b\f\r ");
    static final CodePoints WORD = new Builder()
            .add('a', 'z')
            .add('A', 'Z')
            .add('0', '9')
            .add('_', '_')
            .build();
    static final CodePoints LINE_ENDS = of("\n\r\u0085\u2028\u2029");

    /** Lowest and highest of each range in ascending order, neither touching nor overlapping. */
    private final int[] ranges;

    private CodePoints(int[] ranges) {
        this.ranges = ranges;
    }

    static CodePoints between(int min, int max) {
        return new Builder().add(min, max).build();
    }

    static CodePoints of(String characters) {
        Builder builder = new Builder();
        characters.codePoints().forEach(c -> builder.add(c, c));
        return builder.build();
    }

    /** Returns whether a code point is half of a pair, which alone is no character. */
    static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    int rangeCount() {
        return ranges.length / 2;
    }

    int min(int range) {
        return ranges[2 * range];
    }

    int max(int range) {
        return ranges[2 * range + 1];
    }

    boolean isEmpty() {
        return ranges.length == 0;
    }

    boolean isAscii() {
        return isEmpty() || ranges[ranges.length - 1] < 0x80;
    }

    CodePoints union(CodePoints other) {
        return new Builder().add(this).add(other).build();
    }

    CodePoints complement() {
        Builder builder = new Builder();
        int next = 0;
        for (int i = 0; i < ranges.length; i += 2) {
            builder.add(next, ranges[i] - 1);
            next = ranges[i + 1] + 1;
        }
        return builder.add(next, Character.MAX_CODE_POINT).build();
    }

    CodePoints intersect(CodePoints other) {
        Builder builder = new Builder();
        int i = 0;
        int j = 0;
        while (i < ranges.length && j < other.ranges.length) {
            builder.add(Math.max(ranges[i], other.ranges[j]), Math.min(ranges[i + 1], other.ranges[j + 1]));
            if (ranges[i + 1] < other.ranges[j + 1]) {
                i += 2;
            } else {
                j += 2;
            }
        }
        return builder.build();
    }

    CodePoints without(CodePoints other) {
        return intersect(other.complement());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CodePoints that && Arrays.equals(ranges, that.ranges);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ranges);
    }

    /** Collects ranges in any order. */
    static final class Builder {
        private long[] ranges = new long[4];
        private int count;

        Builder add(CodePoints set) {
            for (int i = 0; i < set.ranges.length; i += 2) {
                put(set.ranges[i], set.ranges[i + 1]);
            }
            return this;
        }

        /** Adds the range without the surrogates in it; none if {@code max < min}. */
        Builder add(int min, int max) {
            put(min, Math.min(max, Character.MIN_SURROGATE - 1));
            put(Math.max(min, Character.MAX_SURROGATE + 1), max);
            return this;
        }

        private void put(int min, int max) {
            if (min > max) {
                return;
            }
            if (count == ranges.length) {
                ranges = Arrays.copyOf(ranges, 2 * count);
            }
            ranges[count++] = (long) min << 32 | max;
        }

        CodePoints build() {
            Arrays.sort(ranges, 0, count);
            int[] merged = new int[2 * count];
            int length = 0;
            for (int i = 0; i < count; i++) {
                int min = (int) (ranges[i] >>> 32);
                int max = (int) ranges[i];
                if (length > 0 && min <= merged[length - 1] + 1) {
                    merged[length - 1] = Math.max(merged[length - 1], max);
                } else {
                    merged[length++] = min;
                    merged[length++] = max;
                }
            }
            return new CodePoints(Arrays.copyOf(merged, length));
        }
    }
}
