package io.flinkgpt2.cli.verify;

import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.validation.CheckResult;
import io.flinkgpt2.validation.Outcome;
import io.flinkgpt2.validation.Perplexity;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** The results of {@code verify}: counted, and written as they come. */
abstract class Verification {

    private final Map<Outcome, Integer> counts = new EnumMap<>(Outcome.class);
    private final List<String> failures = new ArrayList<>();

    abstract void begin(ModelLocation location, Pretrained pretrained);

    /** Writes results of one group or several. */
    protected abstract void write(List<CheckResult> results);

    /** Writes one result and what was measured. */
    protected abstract void write(CheckResult result, long bytes, Perplexity perplexity);

    /** Writes the counts. */
    abstract void end();

    final void add(List<CheckResult> results) {
        results.forEach(this::count);
        write(results);
    }

    /** A perplexity has failed only if it is no number: what is a good one, nobody can say without a bound. */
    final void add(Path file, long bytes, Perplexity perplexity) {
        boolean passed = Double.isFinite(perplexity.value());
        CheckResult result = new CheckResult(
                "perplexity",
                OptionalInt.empty(),
                "perplexity of " + file,
                List.of(),
                List.of(perplexity.value()),
                "",
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                passed ? Outcome.PASSED : Outcome.FAILED,
                passed ? "" : "found " + perplexity.value() + ", expected a number; the weights are damaged");
        count(result);
        write(result, bytes, perplexity);
    }

    private void count(CheckResult result) {
        counts.merge(result.outcome(), 1, Integer::sum);
        if (result.outcome() == Outcome.FAILED) {
            failures.add(result.group() + ", "
                    + (result.point().isPresent() ? "point " + result.point().getAsInt() + ", " : "") + result.name());
        }
    }

    final int count(Outcome outcome) {
        return counts.getOrDefault(outcome, 0);
    }

    /** Returns one line for each that failed. */
    final List<String> failures() {
        return failures;
    }
}
