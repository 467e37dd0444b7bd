package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.FlinkRest;
import io.flinkgpt2.local.cluster.ProcessCluster;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which of this machine's clusters a command is about, by its directory. */
final class ClusterArguments {

    /** Variable with the directory. */
    static final String VARIABLE = "FLINK_GPT2_CLUSTER";

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Directory of the cluster (default: $" + VARIABLE
                    + ", else one in the directory of temporary files).")
    private Path directory;

    /** Returns the cluster, whether it runs or not. */
    ProcessCluster cluster() {
        String named = System.getenv(VARIABLE);
        if (directory != null) {
            return ProcessCluster.in(directory);
        }
        if (named != null && !named.isBlank()) {
            return ProcessCluster.in(Path.of(named));
        }
        return ProcessCluster.in(
                Path.of(System.getProperty("java.io.tmpdir"), "flink-gpt2-cluster-" + System.getProperty("user.name")));
    }

    /**
     * A Flink cluster by its address, or else the one of the directory.
     *
     * @param local empty if an address was given
     */
    record Target(FlinkRest flink, Optional<ClusterState> local) {}

    /**
     * Returns where a job is to go, or to be found.
     *
     * @param address {@code host:port}, or null
     * @throws ParameterException if the address is none
     * @throws IOException if no address is given and no cluster was started here
     */
    Target target(CommandSpec spec, String address) throws IOException {
        if (address != null) {
            try {
                return new Target(FlinkRest.at(address), Optional.empty());
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--flink: " + e.getMessage(), e);
            }
        }
        ProcessCluster cluster = cluster();
        ClusterState state = cluster.state()
                .orElseThrow(() -> new IOException("No cluster was started in " + cluster.path()
                        + "; start one with 'flink-gpt2 cluster start', or name a Flink cluster by --flink HOST:PORT"));
        return new Target(FlinkRest.at(state.flinkAddress()), Optional.of(state));
    }
}
