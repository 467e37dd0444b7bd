package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.local.cluster.ProcessCluster;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code cluster}: a standalone Flink cluster and a broker as processes on this machine. */
@Command(
        name = "cluster",
        mixinStandardHelpOptions = true,
        description = "A Flink cluster and a Kafka broker as processes of their own on this machine.",
        subcommands = {
            ClusterStartCommand.class,
            ClusterStatusCommand.class,
            ClusterCommand.KillTaskManager.class,
            KillJobManagerCommand.class,
            ClusterCommand.RestartKafka.class,
            ClusterCommand.Stop.class
        })
public final class ClusterCommand implements Runnable {

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                spec.commandLine(),
                "Name what to do: start, status, kill-taskmanager, kill-jobmanager, restart-kafka, stop.");
    }

    /** {@code cluster kill-taskmanager}. */
    @Command(
            name = "kill-taskmanager",
            mixinStandardHelpOptions = true,
            description = {
                "Kills the TaskManager as 'kill -9' does, and starts another in its place.",
                "Without another the job waits for slots, for nothing restarts a process of a standalone cluster by itself."
            })
    static final class KillTaskManager implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private ClusterArguments arguments;

        @Option(names = "--no-restart", description = "Start no other one; the next kill-taskmanager does.")
        private boolean noRestart;

        @Override
        public Integer call() throws IOException, InterruptedException {
            Optional<Long> killed = arguments.cluster().killTaskManager(!noRestart);
            spec.commandLine()
                    .getOut()
                    .println(killed.map(pid -> "Killed the TaskManager, process " + pid)
                                    .orElse("No TaskManager ran")
                            + (noRestart ? "." : "; another has registered."));
            return 0;
        }
    }

    /** {@code cluster restart-kafka}. */
    @Command(
            name = "restart-kafka",
            mixinStandardHelpOptions = true,
            description = "Ends the broker in order and starts it again on the same topics and port.")
    static final class RestartKafka implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private ClusterArguments arguments;

        @Override
        public Integer call() throws IOException, InterruptedException {
            arguments.cluster().restartKafka();
            spec.commandLine().getOut().println("The broker serves again.");
            return 0;
        }
    }

    /** {@code cluster stop}. */
    @Command(
            name = "stop",
            mixinStandardHelpOptions = true,
            description = {
                "Ends all processes of the cluster and removes what it has written: topics, checkpoints, logs.",
                "Does nothing if there is none. Works after a crash of 'start' too."
            })
    static final class Stop implements Callable<Integer> {

        @Spec
        private CommandSpec spec;

        @Mixin
        private ClusterArguments arguments;

        @Option(
                names = "--keep",
                description = "Leave topics, checkpoints, savepoints and logs for the next start in this directory.")
        private boolean keep;

        @Override
        public Integer call() throws IOException, InterruptedException {
            ProcessCluster cluster = arguments.cluster();
            List<Long> ended = cluster.stop(keep);
            spec.commandLine()
                    .getOut()
                    .println(
                            ended.isEmpty()
                                    ? "No process of a cluster ran in " + cluster.path() + "."
                                    : "Stopped " + ended.size() + " processes of the cluster in " + cluster.path()
                                            + ".");
            return 0;
        }
    }
}
