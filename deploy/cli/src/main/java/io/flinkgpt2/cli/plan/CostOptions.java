package io.flinkgpt2.cli.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.Engines;
import io.flinkgpt2.benchmark.Workload;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code plan} that say what a token costs: figures, files of {@code bench}, or else a measurement here and now. */
final class CostOptions {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Prompt and new tokens of the two measurements: the usual mix, and contexts long enough to tell what attention costs. */
    private static final int[][] SHAPES = {{32, 64}, {256, 16}};

    private static final double NANOS = 1e-9;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--bench",
            split = ",",
            paramLabel = "FILE",
            description = {
                "Results of 'bench --output json' in place of a measurement here and now, separated by commas: best are two of"
                        + " the same --streams, with prompts of 32 and of 256 tokens."
            })
    private List<Path> files = List.of();

    @Option(
            names = "--prefill-tokens-per-second",
            paramLabel = "X",
            description = "Tokens of prompts that a slot takes in a second, in place of a measurement.")
    private Double prefillRate;

    @Option(
            names = "--decode-tokens-per-second",
            paramLabel = "X",
            description = "Tokens that a slot generates in a second with a full batch, in place of a measurement.")
    private Double decodeRate;

    @Option(
            names = "--attention-nanoseconds",
            paramLabel = "X",
            defaultValue = "0",
            description = "Beside the two rates: what each token takes longer for each position before it"
                    + " (default: ${DEFAULT-VALUE}, for it is part of the rates).")
    private double attentionNanos;

    @Option(
            names = "--engines",
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Slots that are measured side by side; as many as a TaskManager has tell what they take from each"
                            + " other (default: ${DEFAULT-VALUE}).")
    private int engines;

    @Option(
            names = "--repeats",
            paramLabel = "N",
            defaultValue = "3",
            description = "Measured runs, of which the median counts (default: ${DEFAULT-VALUE}).")
    private int repeats;

    /** Costs, and how they were found. */
    record Found(CostModel costs, String source, boolean tellsAttention) {}

    /** @throws ParameterException if options are out of range, or contradict each other */
    void check() {
        require(
                (prefillRate == null) == (decodeRate == null),
                "--prefill-tokens-per-second and --decode-tokens-per-second",
                "one alone",
                "both or none");
        require(files.isEmpty() || decodeRate == null, "--bench", "beside given rates", "one of the two");
        require(prefillRate == null || prefillRate > 0, "--prefill-tokens-per-second", prefillRate, "above 0");
        require(decodeRate == null || decodeRate > 0, "--decode-tokens-per-second", decodeRate, "above 0");
        require(attentionNanos >= 0, "--attention-nanoseconds", attentionNanos, "0 or more");
        require(engines >= 1, "--engines", engines, "1 or more");
        require(repeats >= 1, "--repeats", repeats, "1 or more");
    }

    private void require(boolean holds, String option, Object found, String expected) {
        if (!holds) {
            throw new ParameterException(
                    spec.commandLine(), option + ": found " + found + ", expected " + expected + ".");
        }
    }

    /**
     * Returns what a token costs.
     *
     * @param batchSize sequences in flight in a slot
     * @throws IllegalArgumentException if files or a measurement tell nothing
     */
    Found find(PlannedModel model, int batchSize) throws IOException, InterruptedException {
        if (decodeRate != null) {
            CostModel given =
                    new CostModel(1 / prefillRate, 1 / decodeRate, attentionNanos * NANOS, attentionNanos * NANOS);
            return new Found(given, "rates given", attentionNanos > 0);
        }
        List<Measurement> measurements = files.isEmpty() ? measure(model, batchSize) : read(model, batchSize);
        String source = files.isEmpty()
                ? "measured here and now, " + engines + (engines == 1 ? " slot" : " slots side by side")
                : "read from "
                        + String.join(", ", files.stream().map(Path::toString).toList());
        return new Found(Calibration.of(measurements), source, Calibration.tellsAttention(measurements));
    }

    private List<Measurement> measure(PlannedModel model, int batchSize) throws IOException, InterruptedException {
        spec.commandLine()
                .getErr()
                .println("Measuring " + model.name() + " with " + batchSize
                        + " sequences in flight; minutes, with a large model...");
        Pretrained pretrained = model.open();
        EngineOptions options =
                new EngineOptions(engines, 1, batchSize, JobOptions.PREFILL_CHUNK.defaultValue(), false);
        List<Measurement> measurements = new ArrayList<>();
        for (int[] shape : SHAPES) {
            int context = model.config().contextLength();
            int newTokens = Math.max(1, Math.min(shape[1], context * 2 / 3));
            int promptTokens = Math.max(1, Math.min(shape[0], context - newTokens));
            Workload workload = new Workload(batchSize, promptTokens, newTokens, 0, 0);
            try (Engines side = new Engines(pretrained, options, workload.context())) {
                measurements.add(Measurement.of(options, workload, side.measure(workload, repeats)));
            }
        }
        return measurements;
    }

    private List<Measurement> read(PlannedModel model, int batchSize) throws IOException {
        String precision = model.precision().name().toLowerCase(Locale.ROOT);
        String wanted = model.name() + " " + precision + " with --streams " + batchSize;
        List<Measurement> measurements = new ArrayList<>();
        TreeSet<String> found = new TreeSet<>();
        for (Path file : files) {
            for (JsonNode run : runs(file)) {
                String what =
                        run.path("model").asText() + " " + run.path("precision").asText() + " with --streams "
                                + run.path("streams").asInt();
                found.add(what);
                if (what.equals(wanted)) {
                    measurements.add(Measurement.of(run));
                }
            }
        }
        require(
                !measurements.isEmpty(),
                "--bench",
                found.isEmpty() ? "no runs" : String.join("; ", found),
                "a run of " + wanted);
        return measurements;
    }

    private JsonNode runs(Path file) throws IOException {
        try {
            return MAPPER.readTree(Files.readString(file)).path("runs");
        } catch (JsonProcessingException e) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--bench: found no JSON in " + file + " (" + e.getOriginalMessage()
                            + "), expected what 'bench --output json' prints.",
                    e);
        }
    }
}
