package io.flinkgpt2.deploy;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** A full topic and a small heap. */
@CommandLine.Command(
        name = "back-pressure",
        mixinStandardHelpOptions = true,
        description = {
            "A topic with far more small prompts than the job works off soon, and a TaskManager whose heap (-Xmx) is the model's"
                    + " weights and 256 MiB.",
            "A run is --answers answers, eight samples in it: what is live on the heap (after a full collection), the"
                    + " TaskManager's resident memory (VmRSS), and the lag of the consumer group as Kafka has it. Heap and"
                    + " resident memory at a quarter of the run and at its end must be within 5 %%, and the lag must be less at"
                    + " each sample."
        })
final class BackPressure implements Callable<Integer> {

    private static final Duration STANDSTILL = Duration.ofMinutes(3);
    /** The group's offsets move with checkpoints, one a second: some of them lie between two samples, however short the run. */
    private static final Duration BETWEEN_SAMPLES = Duration.ofSeconds(3);

    private static final long MIB = 1 << 20;
    private static final int SAMPLES = 8;
    private static final int QUARTER = SAMPLES / 4 - 1;
    private static final double MOST_GROWTH = 0.05;
    private static final int FRAMEWORK_MIB = 128;
    private static final String TOPIC = "prompts";
    private static final String GROUP = "flink-gpt2";

    @Option(names = "--prompts", defaultValue = "200000", description = "In the topic (default: ${DEFAULT-VALUE}).")
    private int prompts;

    @Option(
            names = "--answers",
            defaultValue = "60000",
            description = "After so many the run ends; with the number of prompts it is the whole topic (default:"
                    + " ${DEFAULT-VALUE}).")
    private int answers;

    @Option(
            names = "--heap-over-model",
            defaultValue = "256",
            description =
                    "-Xmx of the TaskManager less the weights, in MiB, more than 128 (default: ${DEFAULT-VALUE}).")
    private int heapOverModel;

    @Option(names = "--slots", defaultValue = "2", description = "Of the TaskManager (default: ${DEFAULT-VALUE}).")
    private int slots;

    @Option(names = "--seed", defaultValue = "1", description = "Of the prompts (default: ${DEFAULT-VALUE}).")
    private long seed;

    private final PrintStream out;
    private final Path directory;

    /** @param heap bytes that are live */
    private record Sample(int answered, long heap, long resident, long lag) {}

    BackPressure(PrintStream out, Path directory) {
        this.out = out;
        this.directory = directory;
    }

    public static void main(String[] args) throws IOException {
        Script.main("back-pressure", BackPressure::new, args);
    }

    @Override
    public Integer call() throws Exception {
        long modelMib = ceilDiv(Files.size(Command.bundledModel().resolve("model.safetensors")), MIB);
        long heapMib = modelMib + heapOverModel;
        List<Sample> samples = new ArrayList<>();
        try (Cluster cluster = new Cluster(directory.resolve("cluster"))) {
            Cluster.succeed(cluster.start("--slots", "" + slots, "--heap", heapMib - FRAMEWORK_MIB + "m")
                    .with("-D", "taskmanager.memory.framework.heap.size=" + FRAMEWORK_MIB + "m"));
            String bootstrapServers = cluster.bootstrapServers();
            Prompts.send(bootstrapServers, TOPIC, Workload.small(seed, prompts));
            Script.say(out, "%d prompts are in the topic; -Xmx%dm, weights of %d MiB", prompts, heapMib, modelMib);
            long pid = Cluster.pid(cluster.status(), "taskmanager");
            try (AnswerLog log = new AnswerLog(bootstrapServers);
                    Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
                Cluster.succeed(cluster.command("submit", "--checkpoint.interval", "1 s", "--kafka.group.id", GROUP));
                int answered = 0;
                for (int i = 1; i <= SAMPLES; i++) {
                    answered = await(log, answered, (int) ((long) answers * i / SAMPLES));
                    Sample sample = new Sample(answered, liveHeap(pid), resident(pid), lag(admin));
                    samples.add(sample);
                    Script.say(
                            out,
                            "%d answers: heap %.1f MiB live, VmRSS %.1f MiB, lag %d",
                            sample.answered(),
                            mib(sample.heap()),
                            mib(sample.resident()),
                            sample.lag());
                }
            }
        }
        return judge(samples, heapMib);
    }

    private int judge(List<Sample> samples, long heapMib) {
        Sample quarter = samples.get(QUARTER);
        Sample end = samples.get(SAMPLES - 1);
        int notFalling = 0;
        for (int i = 1; i < SAMPLES; i++) {
            notFalling += samples.get(i).lag() < samples.get(i - 1).lag() ? 0 : 1;
        }
        Requirements requirements = new Requirements();
        requirements.shown("-Xmx of the TaskManager, MiB", Long.toString(heapMib));
        requirements.atLeast("answers", answers, end.answered());
        requirements.atMost("live heap: end less a quarter, share", MOST_GROWTH, growth(quarter.heap(), end.heap()));
        requirements.shown("  at a quarter, MiB", mib(quarter.heap()));
        requirements.shown("  at the end, MiB", mib(end.heap()));
        requirements.atMost(
                "VmRSS: end less a quarter, share", MOST_GROWTH, growth(quarter.resident(), end.resident()));
        requirements.shown("  at a quarter, MiB", mib(quarter.resident()));
        requirements.shown("  at the end, MiB", mib(end.resident()));
        requirements.exactly("samples at which the lag was not less than before", 0, notFalling);
        requirements.shown(
                "  lag at the first sample", Long.toString(samples.get(0).lag()));
        requirements.shown("  lag at the end", Long.toString(end.lag()));
        return requirements.print(out);
    }

    private static double growth(long from, long to) {
        return Math.abs((double) to / from - 1);
    }

    private static double mib(long bytes) {
        return (double) bytes / MIB;
    }

    private static long ceilDiv(long dividend, long divisor) {
        return (dividend + divisor - 1) / divisor;
    }

    private static int await(AnswerLog log, int answered, int count) {
        int now = answered;
        long start = System.nanoTime();
        long last = start;
        while (now < count || System.nanoTime() - start < BETWEEN_SAMPLES.toNanos()) {
            int more = log.poll().size();
            now += more;
            if (more > 0) {
                last = System.nanoTime();
            } else if (System.nanoTime() - last > STANDSTILL.toNanos()) {
                throw new IllegalStateException(
                        "no answer for " + STANDSTILL.toSeconds() + " s; " + now + " prompts are answered");
            }
        }
        return now;
    }

    /** A histogram of classes is made after a full collection, and ends with the sum: {@code Total 12345 67890}. */
    private static long liveHeap(long pid) throws IOException, InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        String histogram = Cluster.succeed(Command.of(jcmd.toString(), "" + pid, "GC.class_histogram"));
        String total = histogram
                .lines()
                .filter(line -> line.startsWith("Total"))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("jcmd gave no histogram: " + histogram));
        Scanner words = new Scanner(total.replace("Total", ""));
        words.nextLong();
        return words.nextLong();
    }

    private static long resident(long pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", "" + pid, "status"))) {
            if (line.startsWith("VmRSS:")) {
                return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
            }
        }
        throw new IllegalStateException("process " + pid + " has no VmRSS");
    }

    /** Records behind the offsets that the group has committed. */
    private static long lag(Admin admin) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(GROUP)
                .partitionsToOffsetAndMetadata()
                .get();
        Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
        committed.keySet().forEach(partition -> latest.put(partition, OffsetSpec.latest()));
        long lag = 0;
        for (var end : admin.listOffsets(latest).all().get().entrySet()) {
            lag += end.getValue().offset() - committed.get(end.getKey()).offset();
        }
        return lag;
    }
}
