package io.flinkgpt2.cli.verify;

import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.validation.CheckResult;
import io.flinkgpt2.validation.Outcome;
import io.flinkgpt2.validation.Perplexity;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/** A table for people: a heading for each group, a row for each result, and below it what it found. */
final class TextVerification extends Verification {

    private static final int NAME_WIDTH = 43;
    private static final String ROW = "%2s  %-" + NAME_WIDTH + "s  %-15s  %-46s  %-8s  %10s  %9s  %s%n";
    private static final String INDENTED = "    %s%n";

    private final PrintWriter out;
    private String group = "";

    TextVerification(PrintWriter out) {
        this.out = out;
    }

    @Override
    void begin(ModelLocation location, Pretrained pretrained) {
        print(
                "%s, revision %s, %s, %s kernels%n",
                location.path(),
                pretrained.revision(),
                pretrained.precision().name().toLowerCase(Locale.ROOT),
                pretrained.model().kernels().name());
    }

    @Override
    protected void write(List<CheckResult> results) {
        results.forEach(this::write);
        out.flush();
    }

    private void write(CheckResult result) {
        if (!result.group().equals(group)) {
            group = result.group();
            print("%n%s%n", group);
            print(ROW, "#", "check", "shape", "first values", "against", "difference", "tolerance", "result");
        }
        boolean fits = result.name().length() <= NAME_WIDTH;
        if (!fits) {
            print(INDENTED, result.name());
        }
        print(
                ROW,
                result.point().isPresent() ? result.point().getAsInt() : "",
                fits ? result.name() : "",
                result.shape().stream().map(String::valueOf).collect(Collectors.joining(" x ")),
                result.firstValues().stream().map(TextVerification::text).collect(Collectors.joining(" ")),
                result.against(),
                text(result.difference()),
                text(result.tolerance()),
                result.outcome() == Outcome.NOT_RUN
                        ? "not run"
                        : result.outcome().name().toLowerCase(Locale.ROOT));
        if (!result.detail().isEmpty()) {
            print(INDENTED, result.detail());
        }
    }

    @Override
    protected void write(CheckResult result, long bytes, Perplexity perplexity) {
        write(result);
        print(
                INDENTED,
                String.format(
                        Locale.ROOT,
                        "%d bytes, %d tokens, %d scored in %d windows of %d, stride %d; %.4f nats a token, %.4f bits a byte",
                        bytes,
                        perplexity.tokens(),
                        perplexity.scoredTokens(),
                        perplexity.windows(),
                        perplexity.window(),
                        perplexity.stride(),
                        perplexity.nats(),
                        perplexity.bitsPerByte(bytes)));
        out.flush();
    }

    @Override
    void end() {
        print(
                "%n%d passed, %d failed, %d not run%n",
                count(Outcome.PASSED), count(Outcome.FAILED), count(Outcome.NOT_RUN));
        out.flush();
    }

    private static String text(Number value) {
        return value instanceof Float || value instanceof Double
                ? String.format(Locale.ROOT, "%.6g", value.doubleValue())
                : value.toString();
    }

    private static String text(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.1e", value.getAsDouble()) : "";
    }

    private void print(String format, Object... values) {
        // Trailing blanks of empty columns are in nobody's way but a reader's of diffs.
        out.print(Printable.text(String.format(Locale.ROOT, format, values).replaceAll(" +(?=\\R)", "")));
    }
}
