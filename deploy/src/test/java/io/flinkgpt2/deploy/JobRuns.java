package io.flinkgpt2.deploy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A cluster, and jobs on it one after the other, each of which answers all that is in a topic of prompts. */
final class JobRuns implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofMinutes(30);

    private final Cluster cluster;
    private final EndlessModel model;
    private final int slots;
    private final int batchSize;
    private final String bootstrapServers;
    private final FlinkApi flink;
    private final Map<String, Integer> sizes = new HashMap<>();
    private int runs;

    /** What is done again and again while a job runs. */
    @FunctionalInterface
    interface Watch {
        Watch NOTHING = metrics -> {};

        void look(JobMetrics metrics) throws IOException, InterruptedException;
    }

    private JobRuns(Cluster cluster, EndlessModel model, int slots, int batchSize)
            throws IOException, InterruptedException {
        this.cluster = cluster;
        this.model = model;
        this.slots = slots;
        this.batchSize = batchSize;
        Cluster.succeed(cluster.start(
                "--slots",
                "" + slots,
                "--heap",
                model.roomyHeap(slots, batchSize, 128),
                "-D",
                "metrics.fetcher.update-interval=200 ms"));
        bootstrapServers = cluster.bootstrapServers();
        flink = cluster.flink();
    }

    /** Starts the cluster, in a directory that is not there yet. */
    @SuppressWarnings("resource") // closed here if it does not start, else with what is returned
    static JobRuns start(Path directory, EndlessModel model, int slots, int batchSize)
            throws IOException, InterruptedException {
        Cluster cluster = new Cluster(directory);
        try {
            return new JobRuns(cluster, model, slots, batchSize);
        } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
            cluster.close();
            throw e;
        }
    }

    int slots() {
        return slots;
    }

    /** Fills a topic of as many partitions as there are slots. */
    void prepare(String topic, List<String> requests) throws Exception {
        prepare(topic, requests, 0);
    }

    /** @param keys how many keys the requests have in turn; 0: none */
    void prepare(String topic, List<String> requests, int keys) throws Exception {
        Prompts.createTopic(bootstrapServers, topic, slots);
        Prompts.send(bootstrapServers, topic, requests, keys);
        sizes.put(topic, requests.size());
    }

    /** Fills a topic with a list of requests for each slot, which gets a partition of its own. */
    void prepareSkewed(String topic, List<List<String>> partitions) throws Exception {
        if (partitions.size() != slots) {
            throw new IllegalArgumentException("partitions: found " + partitions.size() + ", expected " + slots);
        }
        Prompts.createTopic(bootstrapServers, topic, slots);
        Prompts.sendTo(bootstrapServers, topic, partitions);
        sizes.put(topic, partitions.stream().mapToInt(List::size).sum());
    }

    /**
     * Runs a job to the end of a topic.
     *
     * @param tokens what each answer must have
     * @return one answer for each prompt
     */
    List<AnswerLog.Answer> run(String topic, int maxContext, int tokens, Watch watch, String... options)
            throws IOException, InterruptedException {
        try (AnswerLog log = new AnswerLog(bootstrapServers)) {
            // A name of its own is a consumer group of its own, which reads from the beginning.
            String job = Cluster.succeed(cluster.command("submit", "-p", "" + slots)
                    .with("--model", model.path().toString(), "--max-context", "" + maxContext)
                    .with("--batch.size", "" + batchSize)
                    .with("--topics.prompts", topic, "--job.name", "run-" + ++runs)
                    .with("--source.bounded", "true")
                    .with(options));
            awaitEnd(job, watch);
            List<AnswerLog.Answer> answers = log.drain();
            int expected = sizes.get(topic);
            if (answers.size() != expected || answers.stream().anyMatch(answer -> answer.tokens() != tokens)) {
                throw new IllegalStateException("answers to " + topic + ": found " + answers.size() + ", expected "
                        + expected + " of " + tokens + " tokens each");
            }
            return answers;
        }
    }

    private void awaitEnd(String job, Watch watch) throws IOException, InterruptedException {
        JobMetrics metrics = new JobMetrics(flink, job);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        String state = flink.state(job);
        while (!state.equals("FINISHED")) {
            if (state.equals("FAILED") || System.nanoTime() - deadline > 0) {
                throw new IllegalStateException(
                        "job " + job + " is " + state + ": " + flink.get("/jobs/" + job + "/exceptions"));
            }
            if (watch == Watch.NOTHING) {
                Thread.sleep(500);
            } else {
                watch.look(metrics);
                Thread.sleep(100);
            }
            state = flink.state(job);
        }
    }

    @Override
    public void close() throws IOException {
        cluster.close();
    }
}
