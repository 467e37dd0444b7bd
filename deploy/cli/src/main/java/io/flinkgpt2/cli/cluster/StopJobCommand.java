package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.local.cluster.FlinkRest;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stop-job}: ends a job with a savepoint, like {@code flink stop}. */
@Command(
        name = "stop-job",
        mixinStandardHelpOptions = true,
        description = {
            "Takes a savepoint, ends the job with it, and prints where it is, as 'flink stop' does.",
            "'flink-gpt2 submit --savepoint PATH' goes on from there."
        })
public final class StopJobCommand implements Callable<Integer> {

    private static final String JOB_ID = "[0-9a-f]{32}";

    @Spec
    private CommandSpec spec;

    @Mixin
    private TargetArguments arguments;

    @Option(
            names = {"-p", "--savepoint-path", "--savepointPath"},
            paramLabel = "DIR",
            description = "Directory for the savepoint (default: the cluster's).")
    private String savepointPath;

    @Option(
            names = {"-d", "--drain"},
            description = "Finish all that was begun, as at the end of the input; not for a job that is to go on.")
    private boolean drain;

    @Parameters(arity = "0..1", paramLabel = "JOB_ID", description = "The job (default: the one that runs).")
    private String jobId;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (jobId != null && !jobId.matches(JOB_ID)) {
            throw new ParameterException(
                    spec.commandLine(), "JOB_ID: found '" + jobId + "', expected 32 hexadecimal digits");
        }
        FlinkRest rest = arguments.target(spec).flink();
        String job = jobId == null ? theOneThatRuns(rest) : jobId;
        spec.commandLine().getErr().println("Stopping job " + job + " at " + rest.url() + "...");
        spec.commandLine().getOut().println(rest.stopWithSavepoint(job, savepointPath, drain));
        return 0;
    }

    private static String theOneThatRuns(FlinkRest rest) throws IOException {
        List<FlinkRest.Job> running =
                rest.jobs().stream().filter(job -> !job.ended()).toList();
        if (running.size() != 1) {
            throw new IOException(
                    running.isEmpty()
                            ? "No job runs at " + rest.url()
                            : running.size() + " jobs run at " + rest.url() + "; name one: "
                                    + running.stream()
                                            .map(job -> job.id() + " (" + job.name() + ")")
                                            .collect(Collectors.joining(", ")));
        }
        return running.get(0).id();
    }
}
