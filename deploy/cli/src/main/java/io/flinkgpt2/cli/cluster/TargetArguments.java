package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.FlinkRest;
import io.flinkgpt2.local.cluster.ProcessCluster;
import java.io.IOException;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that name the Flink cluster of a job: by its address, or else one of this machine's. */
final class TargetArguments {

    @Mixin
    private ClusterArguments arguments;

    @Option(
            names = "--flink",
            paramLabel = "HOST:PORT",
            description = "Flink's REST API (default: the cluster that 'cluster start' started).")
    private String address;

    /**
     * A Flink cluster.
     *
     * @param local the state of one of this machine's; empty if an address was given
     */
    record Target(FlinkRest flink, Optional<ClusterState> local) {}

    /**
     * Returns the cluster that a job goes to, or is found on.
     *
     * @throws ParameterException if the address is not valid
     * @throws IOException if no address is given and no cluster was started here
     */
    Target target(CommandSpec spec) throws IOException {
        if (address != null) {
            try {
                return new Target(FlinkRest.at(address), Optional.empty());
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), "--flink: " + e.getMessage(), e);
            }
        }
        ProcessCluster cluster = arguments.cluster();
        ClusterState state = cluster.state()
                .orElseThrow(() -> new IOException("No cluster was started in " + cluster.path()
                        + "; start one with 'flink-gpt2 cluster start', or name a Flink cluster by --flink HOST:PORT"));
        return new Target(FlinkRest.at(state.flinkAddress()), Optional.of(state));
    }
}
