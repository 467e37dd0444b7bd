package io.flinkgpt2.cli.batch;

import io.flinkgpt2.cli.common.InterruptibleInput;
import io.flinkgpt2.cli.common.Interrupts;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.Progress;
import io.flinkgpt2.job.CompletionJob;
import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.FileSettings;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.files.TableColumn;
import io.flinkgpt2.job.files.TableFiles;
import io.flinkgpt2.local.embedded.LocalFlink;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.RecoveryClaimMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One run, from its inputs to OUT: begins it, or goes on with it where an earlier process was. */
final class BatchRun {

    private static final Logger LOG = LoggerFactory.getLogger(BatchRun.class);
    private static final long LOOK_MS = 250;

    private final PrintWriter err;
    private final BatchPaths paths;
    private final Configuration options;
    private final JobSettings settings;
    private final Path model;
    private final FileFormat format;
    private final int slots;
    private final int webPort;

    /**
     * @param options of the job, all of them
     * @param model directory or file of the model that they name
     * @param format of OUT
     */
    BatchRun(
            PrintWriter err,
            BatchPaths paths,
            Configuration options,
            Path model,
            FileFormat format,
            int slots,
            int webPort) {
        this.err = err;
        this.paths = paths;
        this.options = options;
        this.settings = JobSettings.from(options);
        this.model = model;
        this.format = format;
        this.slots = slots;
        this.webPort = webPort;
    }

    /**
     * Runs to the end.
     *
     * @param standardInput whether the prompts are to be read from standard input
     * @param restart whether to forget what an earlier process has done
     * @throws InvalidOptionException if an earlier process began another run for the same OUT
     */
    BatchSummary execute(boolean standardInput, boolean restart) throws Exception {
        long start = System.nanoTime();
        try (RunDirectory directory = RunDirectory.open(paths.out())) {
            if (restart) {
                directory.clear();
            }
            RunDescription earlier = RunDescription.read(directory.description());
            if (standardInput) {
                spool(directory, earlier != null);
            }
            PromptFiles files = find();
            refuseOutAmong(files);
            List<TableColumn> columns = columns(files);
            RunDescription description = RunDescription.of(files, model, options);
            boolean resumed = begin(directory, earlier, description);
            long tokens = generate(directory, files);
            requireUnchanged(description);
            Merge.Counts counts = write(directory, files, columns);
            directory.forget();
            return new BatchSummary(
                    counts.answered(),
                    counts.failed(),
                    tokens,
                    (System.nanoTime() - start) * 1e-9,
                    resumed,
                    paths.out(),
                    paths.errors());
        }
    }

    private PromptFiles find() throws IOException {
        return PromptFiles.find(settings.files().inputs(), settings.files().format());
    }

    /** @throws IOException if an input or the model has changed while it was read */
    private void requireUnchanged(RunDescription description) throws IOException {
        List<String> changes = RunDescription.of(find(), model, options).changesSince(description);
        if (!changes.isEmpty()) {
            throw new IOException("The inputs or the model have changed while they were read ("
                    + String.join("; ", changes) + "). Run the command again with --restart.");
        }
    }

    /** Copies standard input, so that a later process has it too; one that goes on has it already. */
    private void spool(RunDirectory directory, boolean begun) throws IOException {
        Path spool = RunDirectory.standardInput(directory.path());
        if (begun && Files.exists(spool)) {
            err.println("Going on with the prompts that an earlier process has read from standard input.");
            return;
        }
        Files.createDirectories(spool.getParent());
        try (OutputStream out = Files.newOutputStream(spool)) {
            new InterruptibleInput(System.in).transferTo(out);
        }
    }

    private void refuseOutAmong(PromptFiles files) {
        for (PromptFile file : files.list()) {
            for (Path ours : List.of(paths.out(), paths.errors())) {
                if (PromptFiles.absolute(ours.toString()).toString().equals(file.path())) {
                    throw new InvalidOptionException(
                            "-i", "'" + ours + "', which is written to", "other files than OUT and ERR");
                }
            }
        }
    }

    /** Returns the columns of all tables; finds out, too, whether each has its prompts. */
    private List<TableColumn> columns(PromptFiles files) throws IOException {
        List<List<TableColumn>> all = new ArrayList<>();
        for (PromptFile file : files.list()) {
            all.add(TableFiles.columns(file));
            if (file.format().isTable()) {
                TableFiles.open(file, settings.files().read(), 0).close();
            }
        }
        return TableColumn.union(all);
    }

    /** Begins the run, or finds that an earlier process has; returns whether one has. */
    private boolean begin(RunDirectory directory, RunDescription earlier, RunDescription description)
            throws IOException {
        if (earlier == null) {
            Files.createDirectories(directory.parts());
            description.write(directory.description());
            return false;
        }
        List<String> changes = description.changesSince(earlier);
        if (!changes.isEmpty()) {
            throw changed(changes);
        }
        return true;
    }

    private InvalidOptionException changed(List<String> changes) {
        return new InvalidOptionException(
                "-o",
                "an unfinished run for " + paths.out() + " whose answers would be others (" + String.join("; ", changes)
                        + ")",
                "the same inputs, model and options, or --restart to forget what it has done");
    }

    /** Generates what is not generated yet; returns the number of tokens of all answers. */
    private long generate(RunDirectory directory, PromptFiles files) throws Exception {
        Optional<Path> checkpoint = directory.newestCheckpoint();
        AnswerCount answers = new AnswerCount(directory.parts());
        // Flink deletes its checkpoints when the job has ended, and parts are finished only by checkpoints.
        boolean ended =
                checkpoint.isEmpty() && !PartFiles.finished(directory.parts()).isEmpty();
        if (!ended) {
            if (checkpoint.isPresent()) {
                err.println("Going on where an earlier process was.");
            } else {
                clearParts(directory);
            }
            err.println("Starting Flink...");
            try (LocalFlink flink = Interrupts.shielded(() -> LocalFlink.start(LocalFlink.Options.defaults()
                    .withWebPort(webPort)
                    .withSlots(slots)
                    .withWorkDirectory(directory.flink())))) {
                if (webPort != 0) {
                    err.println("Flink's web UI at " + flink.webUrl());
                }
                Interrupts.check();
                run(flink, checkpoint, files, answers);
            }
        }
        answers.update();
        return answers.tokens();
    }

    /** Deletes what was written before the first checkpoint: it will be written again. */
    private static void clearParts(RunDirectory directory) throws IOException {
        for (String kind : List.of(FileSettings.COMPLETIONS, FileSettings.DEAD_LETTERS)) {
            for (Path file : PartFiles.list(directory.parts().resolve(kind))) {
                Files.deleteIfExists(file);
            }
        }
    }

    private void run(LocalFlink flink, Optional<Path> checkpoint, PromptFiles files, AnswerCount answers)
            throws Exception {
        Configuration configuration = new Configuration();
        JobStart.limitRestarts(configuration);
        checkpoint.ifPresent(path -> {
            configuration.set(StateRecoveryOptions.SAVEPOINT_PATH, path.toUri().toString());
            configuration.set(StateRecoveryOptions.RESTORE_MODE, RecoveryClaimMode.CLAIM);
        });
        StreamExecutionEnvironment environment = flink.environment(configuration);
        JobClient client = Interrupts.shielded(() -> {
            CompletionJob.build(environment, settings, files);
            return environment.executeAsync(settings.jobName());
        });
        FileReaders readers = new FileReaders(settings.files().read());
        try (Progress progress = new Progress(err)) {
            BatchProgress shown = new BatchProgress(progress, answers, PromptCount.start(readers, files.list()));
            CompletableFuture<JobExecutionResult> job = client.getJobExecutionResult();
            boolean hurried = false;
            while (!hasEnded(job)) {
                shown.update();
                if (shown.allDone() && !hurried) {
                    hurried = true;
                    hurry(flink, client);
                }
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /** Takes the last checkpoint now, which commits the last answers and would come by itself a little later. */
    private static void hurry(LocalFlink flink, JobClient client) {
        flink.takeCheckpoint(client.getJobID()).whenComplete((path, failure) -> {
            if (failure != null) {
                LOG.debug("The last checkpoint could not be taken at once; Flink takes it in time.", failure);
            }
        });
    }

    private static boolean hasEnded(CompletableFuture<JobExecutionResult> job)
            throws InterruptedException, ExecutionException {
        try {
            job.get(LOOK_MS, TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private Merge.Counts write(RunDirectory directory, PromptFiles files, List<TableColumn> columns)
            throws IOException {
        BatchOutput output = new BatchOutput(paths, format, columns, settings.files(), directory);
        return output.write(files.list());
    }
}
