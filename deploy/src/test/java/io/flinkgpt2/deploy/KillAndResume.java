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

    private static final Duration REFERENCE_PATIENCE = Duration.ofHours(1);
    private static final Duration STANDSTILL = Duration.ofMinutes(3);
    private static final int FIRST_PARALLELISM = 2;
    private static final int SECOND_PARALLELISM = 1;

    /** When something happens: at these shares of the answers. */
    private static final double[] KILLS = {0.1, 0.25, 0.4};

    private static final double BROKER_RESTART = 0.55;
    private static final double STOP_AND_RESUME = 0.7;

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
        Map<String, JsonNode> reference = reference(requests);

        try (Cluster cluster = new Cluster(directory.resolve("cluster"))) {
            say("starting the cluster");
            Cluster.succeed(
                    cluster.start("--slots", "" + FIRST_PARALLELISM, "-D", "metrics.fetcher.update-interval=100 ms"));
            JsonNode status = cluster.status();
            String job = submit(cluster, FIRST_PARALLELISM);
            try (Answers answers = new Answers(status.path("bootstrap_servers").textValue())) {
                Prompts.send(status.path("bootstrap_servers").textValue(), "prompts", requests);
                say("sent %d prompts", requests.size());
                disturb(cluster, answers, job);
                await(answers, prompts);
                // Whatever has been written twice is committed with the end of the job.
                Cluster.succeed(cluster.command("stop-job"));
                answers.drain();
                return judge(answers, reference);
            }
        }
    }

    private void disturb(Cluster cluster, Answers answers, String firstJob) throws Exception {
        JobMetrics metrics = new JobMetrics(cluster.flink(), firstJob);
        for (double share : KILLS) {
            await(answers, (int) (share * prompts));
            kill(cluster, answers, metrics);
        }
        await(answers, (int) (BROKER_RESTART * prompts));
        Cluster.succeed(cluster.command("cluster", "restart-kafka"));
        say("at %d answers: restarted the broker", answers.answered());

        await(answers, (int) (STOP_AND_RESUME * prompts));
        awaitRunning(cluster, answers, firstJob);
        String savepoint = Cluster.succeed(cluster.command("stop-job", firstJob));
        say("at %d answers: stopped the job with a savepoint", answers.answered());
        submit(cluster, SECOND_PARALLELISM, "--savepoint", savepoint);
        say("resumed it at parallelism %d instead of %d", SECOND_PARALLELISM, FIRST_PARALLELISM);
    }

    /** Kills between two looks at the metrics, not by a command that would have to start first. */
    private void kill(Cluster cluster, Answers answers, JobMetrics metrics) throws Exception {
        long pid = Cluster.pid(cluster.status(), "taskmanager");
        String flying = "";
        if (inFlight > 0) {
            flying = " with " + awaitInFlight(answers, metrics) + " part-generated sequences in flight";
        }
        boolean killed =
                ProcessHandle.of(pid).map(ProcessHandle::destroyForcibly).orElse(false);
        if (!killed) {
            throw new IllegalStateException("the TaskManager, process " + pid + ", could not be killed");
        }
        say("at %d answers: killed the TaskManager (kill -9 %d)%s", answers.answered(), pid, flying);
        Cluster.succeed(cluster.command("cluster", "kill-taskmanager"));
    }

    /**
     * Counts the sequences of those subtasks that have made a step since the first look: what a TaskManager said that was
     * killed is still there until the next one reports.
     */
    private long awaitInFlight(Answers answers, JobMetrics metrics) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + STANDSTILL.toNanos();
        Map<Integer, Double> firstSteps = new HashMap<>();
        long flying = 0;
        while (System.nanoTime() - deadline < 0) {
            flying = 0;
            for (int subtask = 0; subtask < FIRST_PARALLELISM; subtask++) {
                Optional<Map<String, Double>> values = metrics.ofSubtask(subtask, STEPS, IN_FLIGHT);
                if (values.isPresent()) {
                    double steps = values.get().get(STEPS);
                    Double first = firstSteps.putIfAbsent(subtask, steps);
                    flying += first != null && first != steps
                            ? values.get().get(IN_FLIGHT).longValue()
                            : 0;
                }
            }
            if (flying >= inFlight) {
                return flying;
            }
            answers.poll();
        }
        throw new IllegalStateException(
                firstSteps.isEmpty()
                        ? "no operator has the metric " + IN_FLIGHT + "; one that generates in batches has it, and"
                                + " --in-flight 0 does without"
                        : "never " + inFlight + " sequences were in flight, last " + flying);
    }

    private static void awaitRunning(Cluster cluster, Answers answers, String job) throws Exception {
        long deadline = System.nanoTime() + STANDSTILL.toNanos();
        while (!Cluster.jobState(cluster.status(), job).equals("RUNNING")) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("job " + job + " does not run again: " + cluster.status());
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
        return Cluster.succeed(cluster.command("submit", "-p", "" + parallelism, "--checkpoint.interval", "1 s")
                .with(more)
                .with(jobOptions.toArray(new String[0])));
    }

    private Map<String, JsonNode> reference(List<String> requests) throws IOException, InterruptedException {
        Command complete = Command.launcher(
                        "complete",
                        "--model",
                        Command.bundledModel().toString(),
                        "--max-context",
                        "128",
                        "--output",
                        "json")
                .input(String.join("\n", requests));
        try (Running running = complete.start()) {
            Run run = running.await(REFERENCE_PATIENCE);
            if (run.exitCode() != 0) {
                throw new IllegalStateException("'complete' ended with " + run.exitCode() + ": " + run.err());
            }
            Map<String, JsonNode> byId = new HashMap<>();
            run.json().forEach(answer -> byId.put(answer.path("custom_id").textValue(), answer));
            return byId;
        }
    }

    private int judge(Answers answers, Map<String, JsonNode> reference) {
        int differing = 0;
        for (Map.Entry<String, JsonNode> expected : reference.entrySet()) {
            JsonNode right = Answers.essence(expected.getValue());
            for (JsonNode answer : answers.of(expected.getKey())) {
                if (!Answers.essence(answer).equals(right)) {
                    differing++;
                    say("differing: %s%n   expected %s", Answers.essence(answer), right);
                }
            }
        }
        answers.deadLetters().forEach(letter -> say("dead letter: %s", letter));
        int duplicates = answers.duplicates();
        out.printf(
                "sent=%d answered=%d duplicates=%d differing=%d%n", prompts, answers.answered(), duplicates, differing);
        boolean right = answers.answered() == prompts
                && reference.size() == prompts
                && duplicates == 0
                && differing == 0
                && answers.deadLetters().isEmpty();
        return right ? 0 : 1;
    }

    private void say(String format, Object... values) {
        Script.say(out, format, values);
    }
}
