package io.flinkgpt2.cli.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.cli.common.Home;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Slots;
import io.flinkgpt2.cli.common.WrongUsage;
import io.flinkgpt2.job.CompletionJob;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.kafka.JobAccess;
import io.flinkgpt2.job.kafka.OpenTransactions;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.FlinkRest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code submit}: hands the job's jar to a Flink cluster, like {@code flink run -d}. */
@Command(
        name = "submit",
        mixinStandardHelpOptions = true,
        customSynopsis = "flink-gpt2 submit [--flink HOST:PORT] [-p N] [-s PATH] [job options]",
        description = {
            "Hands the job to a Flink cluster, prints the job's id, and returns.",
            "With the cluster of 'cluster start', its broker and the bundled model are the defaults of the job's options."
        })
public final class SubmitCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private TargetArguments arguments;

    @Option(
            names = {"-p", "--parallelism"},
            paramLabel = "N",
            description = "Slots to use (default: all of the cluster that 'cluster start' started, elsewhere 1).")
    private Integer parallelism;

    @Option(
            names = {"-s", "--savepoint", "--fromSavepoint"},
            paramLabel = "PATH",
            description = "Savepoint or checkpoint to go on from.")
    private String savepoint;

    @Option(
            names = {"-n", "--allow-non-restored-state", "--allowNonRestoredState"},
            description = "Leave out state of the savepoint that belongs to no operator any more.")
    private boolean allowNonRestoredState;

    @Option(names = "--output", defaultValue = "text", description = "text, or json for one object (default: text).")
    private OutputFormat output;

    @Unmatched
    private final List<String> jobOptions = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        Configuration options =
                JobArguments.parse(jobOptions, WrongUsage.optionNames(spec.commandLine()), System.getenv());
        TargetArguments.Target target = arguments.target(spec);
        if (target.local().isPresent()) {
            setDefaults(options, target.local().get());
        }
        int slots = Slots.orElse(
                spec.commandLine(),
                parallelism,
                "--parallelism",
                target.local().map(ClusterState::slots).orElse(1));
        JobSettings settings = JobSettings.from(options);
        if (target.local().isPresent()) {
            Path model = ModelArgument.locate(
                            spec.commandLine(), settings.generation().model().path())
                    .path();
            JobStart.requireModel(model, settings.generation().maxContext());
        }
        FlinkRest rest = target.flink();
        requireNameIsFree(rest, settings.jobName());

        Configuration execution = new Configuration();
        execution.set(CoreOptions.DEFAULT_PARALLELISM, slots);
        if (savepoint != null) {
            execution.set(StateRecoveryOptions.SAVEPOINT_PATH, savepoint);
            execution.set(StateRecoveryOptions.SAVEPOINT_IGNORE_UNCLAIMED_STATE, allowNonRestoredState);
        }
        StreamExecutionEnvironment environment =
                settings.files() == null ? onTopics(rest, execution, settings) : onFiles(rest, execution, settings);
        JobClient job = environment.executeAsync(settings.jobName());
        print(job.getJobID().toString(), settings, rest, slots);
        return 0;
    }

    private static StreamExecutionEnvironment onTopics(FlinkRest rest, Configuration execution, JobSettings settings) {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createRemoteEnvironment(
                rest.host(), rest.port(), execution, Home.jobJar().toString());
        TopicLimits limits = TopicLimits.of(settings.kafka());
        JobAccess.require(settings.kafka(), limits);
        OpenTransactions.warn(settings.kafka());
        CompletionJob.build(environment, settings, limits);
        return environment;
    }

    private static StreamExecutionEnvironment onFiles(FlinkRest rest, Configuration execution, JobSettings settings)
            throws IOException {
        PromptFiles files =
                PromptFiles.find(settings.files().inputs(), settings.files().format());
        List<String> jars = new ArrayList<>(List.of(Home.jobJar().toString()));
        if (files.list().stream().anyMatch(file -> file.format() == FileFormat.PARQUET)) {
            jars.add(Home.parquetJar().toString());
        }
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createRemoteEnvironment(
                rest.host(), rest.port(), execution, jars.toArray(new String[0]));
        CompletionJob.build(environment, settings, files);
        return environment;
    }

    /** Also fails with one line where nobody listens, which the client would try again and again. */
    private static void requireNameIsFree(FlinkRest rest, String name) throws IOException {
        for (FlinkRest.Job job : rest.jobs()) {
            if (!job.ended() && job.name().equals(name)) {
                throw new IOException("A job named " + name + " runs already at " + rest.url() + ", " + job.id()
                        + ". Two jobs of one name abort each other's transactions in Kafka. Stop that one"
                        + " ('flink-gpt2 stop-job " + job.id() + "'), or give this one another name (--job.name).");
            }
        }
    }

    /** Sets the options that the user need not give for a cluster of this machine. */
    private static void setDefaults(Configuration options, ClusterState cluster) {
        if (!options.contains(JobOptions.SOURCE_FILES) && !options.contains(JobOptions.SINK_FILES)) {
            JobStart.setDefault(options, JobOptions.KAFKA_BOOTSTRAP_SERVERS, cluster.bootstrapServers());
        }
        if (!options.contains(JobOptions.MODEL_PATH)) {
            options.set(JobOptions.MODEL_PATH, Home.bundledModel().toString());
        } else if (Files.exists(Path.of(options.get(JobOptions.MODEL_PATH)))) {
            // The TaskManager's working directory is another.
            options.set(
                    JobOptions.MODEL_PATH,
                    Path.of(options.get(JobOptions.MODEL_PATH))
                            .toAbsolutePath()
                            .normalize()
                            .toString());
        }
    }

    private void print(String jobId, JobSettings settings, FlinkRest rest, int slots) throws IOException {
        if (output == OutputFormat.JSON) {
            ObjectMapper mapper = new ObjectMapper();
            spec.commandLine()
                    .getOut()
                    .println(mapper.writeValueAsString(mapper.createObjectNode()
                            .put("job_id", jobId)
                            .put("name", settings.jobName())
                            .put("parallelism", slots)
                            .put("web_url", rest.url())));
            return;
        }
        spec.commandLine()
                .getErr()
                .println("Submitted " + settings.jobName() + " to " + rest.url() + ", parallelism " + slots + ".");
        spec.commandLine().getOut().println(jobId);
    }
}
