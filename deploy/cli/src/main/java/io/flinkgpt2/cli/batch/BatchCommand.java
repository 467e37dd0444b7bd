package io.flinkgpt2.cli.batch;

import io.flinkgpt2.cli.common.Home;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.OutputLines;
import io.flinkgpt2.cli.common.RequestOptions;
import io.flinkgpt2.cli.common.Slots;
import io.flinkgpt2.cli.common.WrongUsage;
import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.files.Compression;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.function.GenerationSettings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code batch}: a file of prompts to a file of answers, in one command. */
@Command(
        name = "batch",
        mixinStandardHelpOptions = true,
        modelTransformer = RequestOptions.class,
        customSynopsis = "flink-gpt2 batch -i IN... -o OUT [--errors ERR] [--model MODEL] [request and job options]",
        description = {
            "Completes the prompts of files with all cores of this machine, and writes the answers in the order of the prompts.",
            "A run that was interrupted goes on where it was when the same command is given again. OUT appears when it is whole.",
            "Exit codes: 0 all prompts answered, 3 some errors, 1 failed, 2 wrong usage."
        })
public final class BatchCommand implements Callable<Integer> {

    /** Some prompts have an error in place of an answer. */
    static final int SOME_ERRORS = 3;

    private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(2);
    private static final String STANDARD_INPUT = "-";

    @Spec
    private CommandSpec spec;

    @Option(
            names = {"-i", "--input"},
            required = true,
            paramLabel = "IN",
            description = {
                "Prompts: a file, a directory, or a glob in quotes such as 'in/**.csv.gz'; may be given several times. - is"
                        + " standard input.",
                "Read are .jsonl (requests, bare or in the Batch API's envelope), .txt (a prompt a line), .csv, .tsv and"
                        + " .parquet, and all but the last also with .gz or .zst."
            })
    private List<String> inputs;

    @Option(
            names = {"-o", "--out"},
            required = true,
            paramLabel = "OUT",
            description =
                    "File of the answers, compressed if its name ends with .gz or .zst; with --unordered a directory of"
                            + " files.")
    private Path out;

    @Option(
            names = "--errors",
            paramLabel = "ERR",
            description =
                    "File of prompts that have no answer, each with its line number, the reason and its original bytes"
                            + " (default: OUT with .errors.jsonl in place of its ending). Not made where there are none.")
    private Path errors;

    @Option(
            names = "--input-format",
            paramLabel = "FORMAT",
            description =
                    "What all inputs hold: jsonl, text, csv, tsv or parquet (default: as their names say; of standard"
                            + " input jsonl).")
    private FileFormat inputFormat;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description =
                    "What OUT holds: jsonl (the job's records), text (the texts alone, one a line), csv, tsv or parquet"
                            + " (the input's columns and the text). Default: as its name says, else jsonl.")
    private FileFormat format;

    @Option(
            names = "--prompt-column",
            paramLabel = "NAME",
            description =
                    "The column of a table that holds the prompt (default: prompt). The others are carried along.")
    private String promptColumn;

    @Option(
            names = "--split-on",
            paramLabel = "LINE",
            description =
                    "The line that separates prompts of plain text, and in OUT as text the answers (default: each line"
                            + " is one).")
    private String separator;

    @Option(
            names = "--unordered",
            description =
                    "Write the answers in the order in which they were completed, into several files, without sorting.")
    private boolean unordered;

    @Option(names = "--overwrite", description = "Replace an OUT and an ERR that are there.")
    private boolean overwrite;

    @Option(names = "--restart", description = "Forget what an earlier run for the same OUT has done.")
    private boolean restart;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its GGUF file, or its name on the hub (default: the bundled one).")
    private String model;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Slots that complete prompts side by side (default: one a core).")
    private Integer parallelism;

    @Option(names = "--web-port", paramLabel = "W", description = "Port of Flink's web UI (default: any that is free).")
    private Integer webPort;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "Form of the summary on standard output: text or json (default: text).")
    private OutputFormat output;

    @Unmatched
    private final List<String> jobOptions = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        int slots = Slots.orDefault(spec.commandLine(), parallelism);
        JobStart.requirePort("--web-port", webPort == null ? 0 : webPort);
        if (separator != null && separator.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--split-on: found an empty line, expected one with characters; blank lines are passed over");
        }
        if (unordered && outFormat() != FileFormat.JSONL && outFormat() != FileFormat.TEXT) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--unordered and --format: found " + outFormat()
                            + ", expected jsonl or text; a table has the input's columns, and so its order");
        }
        if (outFormat() == FileFormat.PARQUET && !unordered && Compression.ofName(out.toString()) != Compression.NONE) {
            throw new ParameterException(
                    spec.commandLine(),
                    "-o: found Parquet in a file '" + out
                            + "', expected a name without a compression: Parquet has its own");
        }
        BatchPaths paths = BatchPaths.of(out, errors, unordered, overwrite);
        Configuration options = options(paths);
        JobSettings checked = JobSettings.from(options);
        Path located = ModelArgument.locate(
                        spec.commandLine(), checked.generation().model().path())
                .path();
        GenerationSettings generation = checked.generation();
        JobStart.requireModel(located, generation.maxContext());
        JobStart.requireRequestFields(located, generation);

        BatchRun run = new BatchRun(
                spec.commandLine().getErr(),
                paths,
                options,
                located,
                outFormat(),
                slots,
                webPort == null ? 0 : webPort);
        BatchSummary summary = run.execute(inputs.equals(List.of(STANDARD_INPUT)), restart);
        String line = output == OutputFormat.JSON ? summary.json() : summary.text();
        OutputLines.write(System.out, line.getBytes(StandardCharsets.UTF_8));
        return summary.failed() == 0 ? 0 : SOME_ERRORS;
    }

    /** Returns the job's options: those that were given, and what the command's own options stand for. */
    private Configuration options(BatchPaths paths) {
        Configuration options = JobArguments.parse(jobOptions, WrongUsage.optionNames(spec.commandLine()));
        for (ConfigOption<?> ours : List.of(JobOptions.SOURCE_FILES, JobOptions.SINK_FILES)) {
            if (options.contains(ours)) {
                throw new InvalidOptionException(ours.key(), "a value", "-i and -o, which batch has for it");
            }
        }
        boolean standardInput = inputs.contains(STANDARD_INPUT);
        if (standardInput && inputs.size() > 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "-i: found - beside other inputs, expected it alone; name all files, or read all from standard input");
        }
        options.set(
                JobOptions.SOURCE_FILES,
                standardInput
                        ? List.of(RunDirectory.standardInput(RunDirectory.of(paths.out()))
                                .toString())
                        : List.copyOf(inputs));
        setUnlessNull(
                options,
                JobOptions.SOURCE_FORMAT,
                standardInput && inputFormat == null ? FileFormat.JSONL : inputFormat);
        setUnlessNull(options, JobOptions.SOURCE_PROMPT_COLUMN, promptColumn);
        setUnlessNull(options, JobOptions.SOURCE_SPLIT_ON, separator);
        options.set(
                JobOptions.SINK_FILES,
                RunDirectory.of(paths.out()).resolve("parts").toString());
        RequestOptions.given(spec).forEach((field, json) -> options.setString(JobOptions.REQUEST_PREFIX + field, json));
        JobStart.setDefault(
                options,
                JobOptions.MODEL_PATH,
                model == null ? Home.bundledModel().toString() : model);
        JobStart.setDefault(options, JobOptions.CHECKPOINT_INTERVAL, CHECKPOINT_INTERVAL);
        return options;
    }

    private static <T> void setUnlessNull(Configuration options, ConfigOption<T> option, T value) {
        if (value != null) {
            options.set(option, value);
        }
    }

    private FileFormat outFormat() {
        if (format != null) {
            return format;
        }
        return unordered
                ? FileFormat.JSONL
                : FileFormat.ofName(out.getFileName().toString()).orElse(FileFormat.JSONL);
    }
}
