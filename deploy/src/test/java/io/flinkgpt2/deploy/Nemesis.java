package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Faults drawn from a seed, one after the other, against a job on a cluster of processes, while prompts arrive. Each prompt must
 * have one answer in the end, and it must be the one that {@code complete} gives. The last line of the output says so; where it
 * is not so, the exit code is 1 and the line before names the seed.
 */
@CommandLine.Command(name = "nemesis", mixinStandardHelpOptions = true)
final class Nemesis implements Callable<Integer> {

    private static final Duration STANDSTILL = Duration.ofMinutes(5);
    /** A dropped commit holds back all readers of committed records, so that nothing more is answered. */
    private static final Duration STANDSTILL_AFTER_A_DROPPED_COMMIT = Duration.ofSeconds(45);

    @Option(names = "--seed", defaultValue = "1", description = "Of prompts and faults (default: 1).")
    private long seed;

    @Option(names = "--minutes", defaultValue = "3", description = "How long faults are drawn (default: 3).")
    private double minutes;

    @Option(names = "--each", description = "Each fault once, in the order drawn, instead of many for some minutes.")
    private boolean each;

    @Option(names = "--rate", defaultValue = "8", description = "Prompts a second (default: 8).")
    private double rate;

    @Option(
            names = "--planted",
            description = "Plant a mistake, a committer that drops one commit, which must be found: exit code 1.")
    private boolean planted;

    @Option(names = "--directory", description = "For all files, created if need be (default: a temporary one).")
    private Path directory;

    @Parameters(description = "Options of the job, after --.")
    private List<String> jobOptions = new ArrayList<>();

    private final PrintStream out;

    Nemesis(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("nemesis", Nemesis::new, args);
    }

    @Override
    public Integer call() throws Exception {
        Optional<SmallDisk> disk = SmallDisk.mount(directory.resolve("checkpoints"));
        try (Stage stage = new Stage(directory, directory.resolve("checkpoints"), jobOptions)) {
            return call(stage, disk);
        } finally {
            if (disk.isPresent()) {
                disk.get().close();
            }
        }
    }

    private int call(Stage stage, Optional<SmallDisk> disk) throws Exception {
        say("seed %d: starting the cluster", seed);
        if (disk.isEmpty()) {
            say("left out, for no file system can be mounted here: %s", leftOut());
        }
        if (planted) {
            stage.submitJar(PlantedFault.plant(stage.jobJar(), directory.resolve("planted.jar")));
            say("planted: a committer that drops one commit");
        }
        Random random = new Random(seed);
        stage.start(1 + random.nextInt(Stage.SLOTS));
        List<String> requests = Workload.requests(seed, mostRequests());
        try (Traffic traffic = new Traffic(stage.bootstrapServers(), requests, rate)) {
            Optional<Exception> failure = disturbAndDrain(stage, traffic, disk.orElse(null), random);
            List<String> sent = traffic.stopSending();
            Answers answers = traffic.finish();
            failure.ifPresent(e -> say("failure: %s", e));
            if (planted && !stage.hasDroppedACommit()) {
                throw new IllegalStateException("the planted mistake had no occasion: no commit was dropped");
            }
            say("reference: %d prompts by 'complete', one at a time", sent.size());
            Reference reference = Reference.of(stage.model(), sent);
            boolean right = reference.isRight(answers) && failure.isEmpty();
            if (!right) {
                keepLogs(stage);
                say("broken by --seed %d", seed);
            }
            reference.judge(answers, out);
            return right ? 0 : 1;
        }
    }

    private static List<Fault> leftOut() {
        return Arrays.stream(Fault.values()).filter(Fault::needsDisk).toList();
    }

    /** More than can be sent: each fault once may take longer than the minutes. */
    private int mostRequests() {
        return (int) Math.ceil((minutes + 30) * 60 * rate);
    }

    /** Empty, or why it ended early. */
    private Optional<Exception> disturbAndDrain(Stage stage, Traffic traffic, SmallDisk disk, Random random)
            throws InterruptedException {
        try (Observer observer = new Observer(stage.bootstrapServers(), traffic)) {
            disturb(stage, traffic, observer, disk, random);
            say("no more faults; waiting for the last answers");
            traffic.stopSending();
            stage.await("an answer to each prompt", () -> {
                requireProgress(stage, traffic);
                return traffic.unanswered() == 0;
            });
            stage.awaitRunning();
            // Whatever has been written twice is committed with the end of the job.
            stage.stopJob();
            int open = observer.openTransactions();
            if (open > 0) {
                say("%d transactions are still open after the end of the job", open);
            }
            return Optional.empty();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | AssertionError e) {
            return Optional.of(e instanceof Exception cause ? cause : new IllegalStateException(e));
        }
    }

    private void disturb(Stage stage, Traffic traffic, Observer observer, SmallDisk disk, Random random)
            throws Exception {
        List<Fault> faults = new ArrayList<>(Arrays.asList(Fault.values()));
        faults.removeIf(fault -> disk == null && fault.needsDisk());
        Collections.shuffle(faults, random);
        long end = System.nanoTime() + (long) (minutes * 60e9);
        int drawn = 0;
        while (each ? drawn < faults.size() : System.nanoTime() - end < 0) {
            Fault fault = each ? faults.get(drawn) : faults.get(random.nextInt(faults.size()));
            stage.awaitRunning();
            Observation met = observer.awaitWork(stage.flink(), stage.job(), stage.parallelism());
            if (met.lacksWork()) {
                say("at %d answers: %s would meet %s; drawn again", traffic.answered(), fault, met);
                requireProgress(stage, traffic);
                continue;
            }
            say("at %d answers: %s met %s", traffic.answered(), fault, met);
            say("   %s", fault.strike(stage, traffic, disk, random));
            if (!stage.hasDroppedACommit()) {
                traffic.restartPatience();
            }
            requireProgress(stage, traffic);
            drawn++;
        }
    }

    private void requireProgress(Stage stage, Traffic traffic) {
        traffic.requireProgress(stage.hasDroppedACommit() ? STANDSTILL_AFTER_A_DROPPED_COMMIT : STANDSTILL);
    }

    private void keepLogs(Stage stage) throws IOException {
        if (planted) {
            return;
        }
        Path kept = Files.createTempDirectory("flink-gpt2-nemesis-logs-");
        try (Stream<Path> logs = Files.list(stage.logs())) {
            for (Path log : logs.toList()) {
                Files.copy(log, kept.resolve(log.getFileName()));
            }
        }
        say("logs: %s", kept);
    }

    private void say(String format, Object... values) {
        Script.say(out, format, values);
    }
}
