package io.flinkgpt2.local.embedded;

import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.flink.api.dag.Pipeline;
import org.apache.flink.client.deployment.executors.PipelineExecutorUtils;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.PipelineExecutor;
import org.apache.flink.core.execution.PipelineExecutorFactory;
import org.apache.flink.core.execution.PipelineExecutorServiceLoader;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterJobClient;
import org.apache.flink.streaming.api.graph.StreamGraph;

/**
 * Hands jobs to one {@link MiniCluster}: what an execution environment asks for, with only one answer.
 *
 * <p>It never goes through the cluster's REST port, so a job needs no jar and its classes are this process's own.
 */
final class LocalExecutor implements PipelineExecutorServiceLoader, PipelineExecutorFactory, PipelineExecutor {

    /** Value of {@code execution.target} in the environments of a {@link LocalFlink}. */
    static final String NAME = "flink-gpt2-local";

    private final MiniCluster cluster;
    private final int slots;

    LocalExecutor(MiniCluster cluster, int slots) {
        this.cluster = cluster;
        this.slots = slots;
    }

    @Override
    public PipelineExecutorFactory getExecutorFactory(Configuration configuration) {
        return this;
    }

    @Override
    public Stream<String> getExecutorNames() {
        return Stream.of(NAME);
    }

    @Override
    public String getName() {
        return NAME;
    }

    @Override
    public boolean isCompatibleWith(Configuration configuration) {
        return true;
    }

    @Override
    public PipelineExecutor getExecutor(Configuration configuration) {
        return this;
    }

    /**
     * Submits a job.
     *
     * @throws IllegalArgumentException when it can never run here for want of slots, which Flink would find out after minutes
     */
    @Override
    public CompletableFuture<JobClient> execute(
            Pipeline pipeline, Configuration configuration, ClassLoader userCodeClassLoader) throws Exception {
        StreamGraph graph = PipelineExecutorUtils.getStreamGraph(pipeline, configuration);
        int parallelism = graph.getMaximumParallelism();
        if (parallelism > slots) {
            throw new IllegalArgumentException("Job \"" + graph.getName() + "\" has a parallelism of " + parallelism
                    + ", but the local cluster has " + slots
                    + " slots. Lower the parallelism, or start the cluster with more slots.");
        }
        return cluster.submitJob(graph)
                .thenApply(submitted -> new MiniClusterJobClient(
                        submitted.getJobID(),
                        cluster,
                        userCodeClassLoader,
                        MiniClusterJobClient.JobFinalizationBehavior.NOTHING));
    }
}
