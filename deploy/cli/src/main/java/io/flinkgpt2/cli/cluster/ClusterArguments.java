package io.flinkgpt2.cli.cluster;

import io.flinkgpt2.local.cluster.ProcessCluster;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The option that names one of this machine's clusters by its directory. */
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
}
