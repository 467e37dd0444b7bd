package io.flinkgpt2.cli.local;

import io.flinkgpt2.cli.common.Home;
import io.flinkgpt2.cli.common.Slots;
import io.flinkgpt2.cli.common.Steps;
import io.flinkgpt2.job.kafka.KafkaSettings;
import io.flinkgpt2.local.cluster.ClusterTopics;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import org.apache.flink.core.execution.JobClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code local}: broker, cluster and job in this process, until interrupted. */
@Command(
        name = "local",
        mixinStandardHelpOptions = true,
        customSynopsis =
                "flink-gpt2 local [--kafka-port P] [--web-port W] [--model MODEL] [--parallelism N] [--topics NAME,…]"
                        + " [job options]",
        description = {
            "Runs a Kafka broker, a Flink cluster with its web UI and the job in this process until interrupted.",
            "Reads from the earliest record, makes a checkpoint every second; its topics take records of 32 MB."
        })
public final class LocalCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--kafka-port",
            paramLabel = "P",
            defaultValue = "9092",
            description = "Port of the broker (default: 9092; 0: any).")
    private int kafkaPort;

    @Option(
            names = "--web-port",
            paramLabel = "W",
            defaultValue = "8081",
            description = "Port of Flink's web UI (default: 8081; 0: any).")
    private int webPort;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its GGUF file, or its name on the hub (default: the bundled one).")
    private String model;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Slots, and partitions of each topic (default: one a core).")
    private Integer parallelism;

    @Option(
            names = "--topics",
            paramLabel = "NAME",
            split = ",",
            description = "Topics to create beside the job's, for SQL scripts and the like, separated by commas.")
    private final List<String> topics = new ArrayList<>();

    @Unmatched
    private final List<String> jobOptions = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        int slots = Slots.orDefault(spec.commandLine(), parallelism);
        String named = model == null ? Home.bundledModel().toString() : model;
        try (LocalStack stack = LocalStack.start(
                spec.commandLine(), new Steps(err), kafkaPort, webPort, slots, named, false, jobOptions)) {
            if (!topics.isEmpty()) {
                ClusterTopics.create(stack.settings().kafka().bootstrapServers(), topics, slots);
            }
            JobClient job = stack.submit();
            describe(out, stack);
            job.getJobExecutionResult().get();
            err.println("The job has ended.");
            return 0;
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static void describe(PrintWriter out, LocalStack stack) {
        KafkaSettings kafka = stack.settings().kafka();
        String servers = kafka.bootstrapServers();
        out.println("Kafka     " + servers);
        out.println("Flink UI  " + stack.flink().webUrl());
        out.println("Model     " + stack.model());
        out.println("Topics    " + kafka.promptsTopic() + " -> " + kafka.completionsTopic() + ", "
                + kafka.deadLettersTopic());
        out.println();
        out.println("In other terminals:");
        out.println("  kcat -b " + servers + " -C -u -q -t " + kafka.completionsTopic()
                + " -X isolation.level=read_committed");
        out.println("  echo '{\"prompt\": \"Once upon a time\", \"max_tokens\": 40}' | kcat -b " + servers + " -P -t "
                + kafka.promptsTopic());
        out.println("or, with Kafka's own tools:");
        out.println("  kafka-console-consumer.sh --bootstrap-server " + servers + " --topic " + kafka.completionsTopic()
                + " --isolation-level read_committed");
        out.println("  kafka-console-producer.sh --bootstrap-server " + servers + " --topic " + kafka.promptsTopic());
        out.println();
        out.println("Ready. Ends with Ctrl-C.");
        out.flush();
    }
}
