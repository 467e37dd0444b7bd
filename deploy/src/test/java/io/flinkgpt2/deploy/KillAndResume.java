package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Prompts through a real cluster of processes that is disturbed all the while: the TaskManager is killed three times, the broker
 * restarted, the job stopped with a savepoint and resumed at another parallelism. Each prompt must have one answer, and it must
 * be the one that {@code complete} gives. The last line of the output says so; the exit code is 1 if not.
 */
@CommandLine.Command(name = "kill-and-resume", mixinStandardHelpOptions = true)
final class KillAndResume implements Callable<Integer> {

    /** Sequences with generated tokens that have not ended: a gauge of the generating operator. */
    private static final String IN_FLIGHT = "sequencesInFlight";

    private static final String STEPS = "steps";

    private static final Duration STANDSTILL = Duration.ofMinutes(3);
    private static final int FIRST_PARALLELISM = 2;
    private static final int SECOND_PARALLELISM = 1;

    private static final int KILLS = 3;
    /** One for each kill, the restart of the broker, the stop, and what comes after it. */
    private static final int PORTIONS = KILLS + 3;

    @Option(names = "--prompts", defaultValue = "2000", description = "How many (default: 2000).")
    private int prompts;

    @Option(names = "--seed", defaultValue = "1", description = "Of the prompts (default: 1).")
    private long seed;

    @Option(
            names = "--in-flight",
            defaultValue = "8",
            description = "A kill waits until so many sequences are in flight; 0 for no such wait (default: 8).")
    private int inFlight;

    @Parameters(description = "Options of the job, after --.")
    private List<String> jobOptions = new ArrayList<>();

    private final PrintStream out;
    private final Path directory;
    private final Map<Integer, Double> lastSteps = new HashMap<>();

    KillAndResume(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("kill-and-resume", KillAndResume::new, args);
    }

    @Override
    public Integer call() throws Exception {
        List<String> requests = Workload.requests(seed, prompts);
        say("reference: %d prompts by 'complete', one at a time", prompts);
        Reference reference = Reference.of(Command.bundledModel(), requests);

        try (Cluster cluster = new Cluster(directory.resolve("cluster"))) {
            say("starting the cluster");
            // While the JobManager waits for the metrics of a TaskManager that is gone it asks no other, ten minutes by
            // default.
            Cluster.succeed(cluster.start("--slots", "" + FIRST_PARALLELISM, "-D", "web.timeout=3 s")
                    .with("-D", "metrics.fetcher.update-interval=100 ms"));
            JsonNode status = cluster.status();
            String job = submit(cluster, FIRST_PARALLELISM);
            try (Answers answers = new Answers(status.path("bootstrap_servers").textValue())) {
                String resumed = disturb(cluster, answers, job, requests);
                await(answers, prompts);
                awaitRunning(cluster.flink(), answers, resumed);
                // Whatever has been written twice is committed with the end of the job.
                Cluster.succeed(cluster.command("stop-job"));
                answers.drain();
                reference.judge(answers, out);
                return reference.isRight(answers) ? 0 : 1;
            }
        }
    }

    /**
     * Sends a portion of the requests before each disturbance, so that there is work in flight then, however fast the machine.
     *
     * @return the job that runs in the end
     */
    private String disturb(Cluster cluster, Answers answers, String firstJob, List<String> requests) throws Exception {
        String bootstrapServers = cluster.bootstrapServers();
        FlinkApi flink = cluster.flink();
        JobMetrics metrics = new JobMetrics(flink, firstJob);
        for (int i = 0; i < KILLS; i++) {
            long pid = Cluster.pid(cluster.status(), "taskmanager");
            send(bootstrapServers, answers, requests, i);
            kill(cluster, pid, answers, metrics);
        }
        send(bootstrapServers, answers, requests, KILLS);
        Cluster.succeed(cluster.command("cluster", "restart-kafka"));
        say("at %d answers: restarted the broker", answers.answered());

        awaitRunning(flink, answers, firstJob);
        send(bootstrapServers, answers, requests, KILLS + 1);
        String savepoint = Cluster.succeed(cluster.command("stop-job", firstJob));
        say("at %d answers: stopped the job with a savepoint", answers.answered());
        String resumed = submit(cluster, SECOND_PARALLELISM, "--savepoint", savepoint);
        say("resumed it at parallelism %d instead of %d", SECOND_PARALLELISM, FIRST_PARALLELISM);
        send(bootstrapServers, answers, requests, KILLS + 2);
        return resumed;
    }

    /** Sends most of it when some of the first quarter is answered: there is something to lose then, answers and work. */
    private void send(String bootstrapServers, Answers answers, List<String> requests, int portion) throws Exception {
        int from = portion * prompts / PORTIONS;
        int to = (portion + 1) * prompts / PORTIONS;
        int quarter = from + (to - from) / 4;
        Prompts.send(bootstrapServers, "prompts", requests.subList(from, quarter));
        await(answers, (from + quarter) / 2);
        Prompts.send(bootstrapServers, "prompts", requests.subList(quarter, to));
        say("sent %d of %d prompts", to, prompts);
    }

    /** Waits until sequences are in flight, or, where nobody counts them, until there is one answer more. */
    private String awaitWork(Answers answers, JobMetrics metrics) throws IOException, InterruptedException {
        if (inFlight > 0) {
            return " with " + awaitInFlight(answers, metrics) + " part-generated sequences in flight";
        }
        await(answers, Math.min(prompts, answers.answered() + 1));
        return "";
    }

    /** Kills between two looks at the metrics, not by a command that would have to start first. */
    private void kill(Cluster cluster, long pid, Answers answers, JobMetrics metrics) throws Exception {
        String flying = awaitWork(answers, metrics);
        boolean killed =
                ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
        if (!killed) {
            throw new IllegalStateException("the TaskManager, process " + pid + ", could not be killed");
        }
        say("at %d answers: killed the TaskManager (kill -9 %d)%s", answers.answered(), pid, flying);
        Cluster.succeed(cluster.command("cluster", "kill-taskmanager"));
        noteLastSteps(metrics);
    }

    /**
     * Notes what the metrics say of a TaskManager that was killed, for it is there until the next one reports. Only subtasks
     * that say something else run.
     */
    private void noteLastSteps(JobMetrics metrics) throws IOException, InterruptedException {
        lastSteps.clear();
        for (int subtask = 0; subtask < FIRST_PARALLELISM; subtask++) {
            Optional<Map<String, Double>> values = metrics.ofSubtask(subtask, STEPS);
            if (values.isPresent()) {
                lastSteps.put(subtask, values.get().get(STEPS));
            }
        }
    }

    private long awaitInFlight(Answers answers, JobMetrics metrics) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + STANDSTILL.toNanos();
        boolean reported = false;
        long flying = 0;
        while (System.nanoTime() - deadline < 0) {
            flying = 0;
            for (int subtask = 0; subtask < FIRST_PARALLELISM; subtask++) {
                Optional<Map<String, Double>> values = metrics.ofSubtask(subtask, STEPS, IN_FLIGHT);
                reported |= values.isPresent();
                if (values.isPresent() && !values.get().get(STEPS).equals(lastSteps.get(subtask))) {
                    flying += values.get().get(IN_FLIGHT).longValue();
                }
            }
            if (flying >= inFlight) {
                return flying;
            }
            answers.poll();
        }
        throw new IllegalStateException(
                reported
                        ? "never " + inFlight + " sequences were in flight, last " + flying
                        : "no operator has the metric " + IN_FLIGHT + "; one that generates in batches has it, and"
                                + " --in-flight 0 does without");
    }

    /** Waits until all tasks of the job run, as a stop with savepoint wants it. */
    private static void awaitRunning(FlinkApi flink, Answers answers, String job)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + STANDSTILL.toNanos();
        while (!flink.isRunning(job)) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("job " + job + " does not run: " + flink.get("/jobs/" + job));
            }
            answers.poll();
        }
    }

    private void await(Answers answers, int count) {
        long last = System.nanoTime();
        int answered = answers.answered();
        while (answers.answered() < count) {
            answers.poll();
            if (answers.answered() > answered) {
                answered = answers.answered();
                last = System.nanoTime();
            } else if (System.nanoTime() - last > STANDSTILL.toNanos()) {
                throw new IllegalStateException("no answer for " + STANDSTILL.toSeconds() + " s; " + answered + " of "
                        + prompts + " prompts are answered, dead letters: " + answers.deadLetters());
            }
        }
    }

    private String submit(Cluster cluster, int parallelism, String... more) throws IOException, InterruptedException {
        return Cluster.succeed(cluster.command("submit", "-p", "" + parallelism, "--checkpoint.interval", "200 ms")
                .with(more)
                .with(jobOptions.toArray(new String[0])));
    }

    private void say(String format, Object... values) {
        Script.say(out, format, values);
    }
}
