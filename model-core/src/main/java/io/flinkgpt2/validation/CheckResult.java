package io.flinkgpt2.validation;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * One line of a verification.
 *
 * @param group what was looked at, such as {@code case 1} or {@code self-checks}
 * @param point the validation point, 1..12, or empty for a check that is none of them
 * @param name what was checked
 * @param shape of what was computed; empty if it is a single thing, such as a text
 * @param firstValues the first of what was computed, at most {@value #SHOWN}
 * @param against what it was compared with: {@code expected}, {@code float64} or another point; may be empty
 * @param difference the largest difference, if numbers were compared; NaN if one of them was no number
 * @param tolerance what the difference may be at most
 * @param detail what was found and expected, or why it was not run; may be empty
 */
public record CheckResult(
        String group,
        OptionalInt point,
        String name,
        List<Integer> shape,
        List<Number> firstValues,
        String against,
        OptionalDouble difference,
        OptionalDouble tolerance,
        Outcome outcome,
        String detail) {

    static final int SHOWN = 4;

    public CheckResult {
        shape = List.copyOf(shape);
        firstValues = List.copyOf(firstValues);
    }

    /** {@link #against} the values of a file. */
    static final String EXPECTED = "expected";

    /** Returns a check that is not run so far. */
    static CheckResult of(String group, String name, String reason) {
        return new CheckResult(
                group,
                OptionalInt.empty(),
                name,
                List.of(),
                List.of(),
                "",
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Outcome.NOT_RUN,
                reason);
    }

    CheckResult atPoint(int number) {
        return new CheckResult(
                group,
                OptionalInt.of(number),
                name,
                shape,
                firstValues,
                against,
                difference,
                tolerance,
                outcome,
                detail);
    }

    CheckResult showing(List<Integer> shapeFound, List<? extends Number> first) {
        return new CheckResult(
                group, point, name, shapeFound, List.copyOf(first), against, difference, tolerance, outcome, detail);
    }

    CheckResult showing(Tensor tensor) {
        return showing(tensor.shape(), tensor.firstValues());
    }

    /** Passed if the difference is at most the tolerance, which a NaN is not. */
    CheckResult compared(Comparison comparison, String with) {
        return new CheckResult(
                group,
                point,
                name,
                shape,
                firstValues,
                with,
                OptionalDouble.of(comparison.difference()),
                OptionalDouble.of(comparison.tolerance()),
                comparison.passed() ? Outcome.PASSED : Outcome.FAILED,
                comparison.passed() ? "" : comparison.detail());
    }

    /** Passed or failed without a number. */
    CheckResult judged(boolean passed, String with, String why) {
        return new CheckResult(
                group,
                point,
                name,
                shape,
                firstValues,
                with,
                difference,
                tolerance,
                passed ? Outcome.PASSED : Outcome.FAILED,
                why);
    }
}
