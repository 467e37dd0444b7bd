package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.FlinkRest;
import io.flinkgpt2.local.cluster.ProcessCluster;
import io.flinkgpt2.local.cluster.RetainedCheckpoints;
import io.flinkgpt2.local.cluster.Role;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cluster kill-jobmanager}: what a cluster without high availability loses, and how its jobs go on. */
@Command(
        name = "kill-jobmanager",
        mixinStandardHelpOptions = true,
        description = {
            "Kills the JobManager as 'kill -9' does, and starts another in its place.",
            "Its jobs are lost with it; prints the newest complete checkpoint of each, which 'submit --savepoint' goes on from."
        })
final class KillJobManagerCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterArguments arguments;

    @Option(names = "--no-restart", description = "Start no other one; the next kill-jobmanager does.")
    private boolean noRestart;

    @Override
    public Integer call() throws IOException, InterruptedException {
        ProcessCluster cluster = arguments.cluster();
        List<FlinkRest.Job> lost = runningJobs(cluster);
        Optional<Long> killed = cluster.killJobManager(!noRestart);
        PrintWriter out = spec.commandLine().getOut();
        out.println(killed.map(pid -> "Killed the JobManager, process " + pid).orElse("No JobManager ran")
                + (noRestart ? "." : "; another serves, and the TaskManager has registered with it."));
        if (!lost.isEmpty()) {
            Optional<RetainedCheckpoints> checkpoints = cluster.retainedCheckpoints();
            for (FlinkRest.Job job : lost) {
                out.println(describe(job, checkpoints));
            }
        }
        return 0;
    }

    /** None where no JobManager runs that could be asked. */
    private static List<FlinkRest.Job> runningJobs(ProcessCluster cluster) throws IOException {
        Optional<ClusterState> state = cluster.state();
        boolean runs =
                cluster.members().stream().anyMatch(member -> member.role() == Role.JOBMANAGER && member.running());
        if (state.isEmpty() || !runs) {
            return List.of();
        }
        return FlinkRest.at(state.get().flinkAddress()).jobs().stream()
                .filter(job -> !job.ended())
                .toList();
    }

    private static String describe(FlinkRest.Job job, Optional<RetainedCheckpoints> checkpoints) throws IOException {
        String lost = "Lost job " + job.id() + " (" + job.name() + ")";
        if (checkpoints.isEmpty()) {
            return lost + "; its checkpoints are not on this machine.";
        }
        Optional<Path> newest = checkpoints.get().newest(job.id());
        return newest.map(path -> lost + "; go on with: flink-gpt2 submit --savepoint " + path)
                .orElse(lost + "; it has no complete checkpoint, so go on from what it was submitted with.");
    }
}
