package io.flinkgpt2.validation;

import java.util.List;

/**
 * The largest difference between what was found and what was expected.
 *
 * @param difference NaN if a value is no number
 * @param detail where the difference is largest
 */
record Comparison(double difference, double tolerance, String detail) {

    boolean passed() {
        return difference <= tolerance;
    }

    /** Returns a single number. */
    static Comparison of(double found, double expected, double tolerance) {
        return new Comparison(Math.abs(found - expected), tolerance, "found " + found + ", expected " + expected);
    }

    /** Element by element; infinitely different if the numbers of elements differ. */
    static Comparison of(float[] found, double[] expected, double tolerance) {
        if (found.length != expected.length) {
            return new Comparison(
                    Double.POSITIVE_INFINITY,
                    tolerance,
                    "found " + found.length + " values, expected " + expected.length
                            + "; are these the values of another model?");
        }
        int worst = 0;
        double largest = 0;
        for (int i = 0; i < found.length && !Double.isNaN(largest); i++) {
            double difference = Math.abs(found[i] - expected[i]);
            if (!(difference <= largest)) {
                largest = difference;
                worst = i;
            }
        }
        return new Comparison(
                largest,
                tolerance,
                found.length == 0
                        ? ""
                        : "value " + worst + ": found " + found[worst] + ", expected " + expected[worst]);
    }

    /** Tensors of the same shape. */
    static Comparison of(Tensor found, List<Integer> shape, double[] expected, double tolerance) {
        if (!found.shape().equals(shape)) {
            return new Comparison(
                    Double.POSITIVE_INFINITY,
                    tolerance,
                    "found the shape " + found.shape() + ", expected " + shape
                            + "; are these the values of another model?");
        }
        return of(found.values(), expected, tolerance);
    }

    /** Bit for bit; values that are not finite never agree. */
    static Comparison exact(float[] found, float[] expected) {
        double[] wanted = new double[expected.length];
        boolean sameBits = found.length == expected.length;
        boolean finite = true;
        for (int i = 0; i < expected.length; i++) {
            wanted[i] = expected[i];
            finite &= Float.isFinite(expected[i]);
            sameBits = sameBits && Float.floatToRawIntBits(found[i]) == Float.floatToRawIntBits(expected[i]);
        }
        Comparison values = of(found, wanted, 0);
        if (!finite) {
            return new Comparison(Double.NaN, 0, "found values that are not finite");
        }
        // Zeros of different signs are equal as numbers, but not the same bits.
        return values.passed() && !sameBits
                ? new Comparison(Double.MIN_VALUE, 0, "found a zero of the other sign")
                : values;
    }

    static double largestMagnitude(double[] values) {
        double largest = 0;
        for (double value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }
}
