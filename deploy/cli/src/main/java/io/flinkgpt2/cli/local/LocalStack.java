package io.flinkgpt2.cli.local;

import io.flinkgpt2.cli.common.Interrupts;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.Steps;
import io.flinkgpt2.cli.common.WrongUsage;
import io.flinkgpt2.job.CompletionJob;
import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.kafka.KafkaSettings;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import io.flinkgpt2.local.embedded.LocalFlink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.common.security.auth.SecurityProtocol;
import picocli.CommandLine;

/** A Kafka broker and a Flink cluster in this process, with the job's topics, for {@code demo} and {@code local}. */
final class LocalStack implements AutoCloseable {

    /** Records of so many bytes fit the topics: base64 of the largest dead letter kept whole included. */
    static final int MAX_MESSAGE_BYTES = 32 << 20;

    /** A value of so many bytes fits a dead letter whole. */
    private static final int DEAD_LETTER_BYTES = 23 << 20;

    private final EmbeddedKafka kafka;
    private final LocalFlink flink;
    private final JobSettings settings;
    private final Path model;
    private final Steps steps;

    private LocalStack(EmbeddedKafka kafka, LocalFlink flink, JobSettings settings, Path model, Steps steps) {
        this.kafka = kafka;
        this.flink = flink;
        this.settings = settings;
        this.model = model;
        this.steps = steps;
    }

    /**
     * Starts broker and cluster and creates the topics, with as many partitions as there are slots.
     *
     * @param command told what is fetched
     * @param steps told what is started, once the options are found to be right
     * @param kafkaPort 0 for any
     * @param webPort 0 for any
     * @param slots parallelism of the job
     * @param model path of the model or its name on the hub, unless the job's options have one
     * @param bounded whether the job ends with the records that are there when it starts
     * @param jobOptions the user's options of the job
     * @throws InvalidOptionException if an option is wrong
     * @throws IOException if the model is not there or none, or a port is taken; nothing is left running then
     * @throws InterruptedException if the thread was interrupted; nothing is left running then either
     */
    static LocalStack start(
            CommandLine command,
            Steps steps,
            int kafkaPort,
            int webPort,
            int slots,
            String model,
            boolean bounded,
            List<String> jobOptions)
            throws Exception {
        JobStart.requirePort("--kafka-port", kafkaPort);
        JobStart.requirePort("--web-port", webPort);
        Configuration options = JobArguments.parse(jobOptions, WrongUsage.optionNames(command));
        if (options.contains(JobOptions.KAFKA_BOOTSTRAP_SERVERS)) {
            throw new InvalidOptionException(
                    JobOptions.KAFKA_BOOTSTRAP_SERVERS.key(),
                    "a value",
                    "none: the broker is started here, and --kafka-port names its port");
        }
        refuseSecurity(options);
        JobStart.setDefault(options, JobOptions.MODEL_PATH, model);
        JobStart.setDefault(options, JobOptions.CHECKPOINT_INTERVAL, Duration.ofSeconds(1));
        JobStart.setDefault(options, JobOptions.DEAD_LETTERS_MAX_BYTES, DEAD_LETTER_BYTES);
        JobStart.setDefault(options, JobOptions.SOURCE_BOUNDED, bounded);
        // The demo reads its answers itself, whatever their requests come in.
        JobStart.setDefault(
                options, JobOptions.RECORDS_ENVELOPE, bounded ? RecordEnvelope.NEVER : RecordEnvelope.AS_SENT);
        // Ours to decide, but needed for the options to be whole before anything is started.
        options.set(JobOptions.KAFKA_BOOTSTRAP_SERVERS, "localhost:" + kafkaPort);
        JobSettings checked = JobSettings.from(options);
        if (bounded && !checked.kafka().sourceBounded()) {
            throw new InvalidOptionException(
                    JobOptions.SOURCE_BOUNDED.key(), "false", "true, for this ends when all prompts are answered");
        }
        Path located = ModelArgument.locate(
                        command, checked.generation().model().path())
                .path();
        JobStart.requireModel(located, checked.generation().maxContext());

        EmbeddedKafka kafka = steps.run(
                "Starting Kafka",
                started -> "Kafka at " + started.bootstrapServers(),
                () -> Interrupts.shielded(() -> EmbeddedKafka.start(
                        EmbeddedKafka.Options.defaults().withPort(kafkaPort).withMessageMaxBytes(MAX_MESSAGE_BYTES))));
        try {
            Interrupts.check();
            options.set(JobOptions.KAFKA_BOOTSTRAP_SERVERS, kafka.bootstrapServers());
            JobSettings settings = JobSettings.from(options);
            LocalFlink flink = steps.run(
                    "Starting Flink",
                    started -> "Flink with " + slots + (slots == 1 ? " slot" : " slots") + ", web UI at "
                            + started.webUrl(),
                    () -> Interrupts.shielded(() -> {
                        createTopics(kafka, settings.kafka(), slots);
                        return LocalFlink.start(LocalFlink.Options.defaults()
                                .withWebPort(webPort)
                                .withSlots(slots));
                    }));
            return new LocalStack(kafka, flink, settings, located, steps);
        } catch (Exception | Error e) {
            try {
                Interrupts.deferred(kafka::close);
            } catch (IOException | RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    /** A client that asked this broker for TLS or a password would wait for an answer until its time is out. */
    private static void refuseSecurity(Configuration options) {
        String option = JobOptions.KAFKA_PREFIX + CommonClientConfigs.SECURITY_PROTOCOL_CONFIG;
        String protocol = options.toMap().getOrDefault(option, SecurityProtocol.PLAINTEXT.name);
        if (!protocol.equalsIgnoreCase(SecurityProtocol.PLAINTEXT.name)) {
            throw new InvalidOptionException(
                    option,
                    "'" + protocol + "'",
                    "PLAINTEXT or nothing: the broker that is started here has neither TLS nor users");
        }
    }

    private static void createTopics(EmbeddedKafka kafka, KafkaSettings settings, int partitions)
            throws IOException, InterruptedException {
        Map<String, String> topic = Map.of("max.message.bytes", String.valueOf(MAX_MESSAGE_BYTES));
        kafka.createTopic(settings.promptsTopic(), partitions, topic);
        kafka.createTopic(settings.completionsTopic(), partitions, topic);
        kafka.createTopic(settings.deadLettersTopic(), partitions, topic);
    }

    /** Submits the job. */
    JobClient submit() throws Exception {
        Configuration configuration = new Configuration();
        JobStart.limitRestarts(configuration);
        StreamExecutionEnvironment environment = flink.environment(configuration);
        Interrupts.check();
        JobClient job = steps.run(
                "Submitting the job",
                submitted -> "Job " + settings.jobName() + ", " + submitted.getJobID(),
                () -> Interrupts.shielded(() -> {
                    CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
                    return environment.executeAsync(settings.jobName());
                }));
        Interrupts.check();
        return job;
    }

    JobSettings settings() {
        return settings;
    }

    /** Directory or file of the model. */
    String model() {
        return model.toString();
    }

    EmbeddedKafka kafka() {
        return kafka;
    }

    LocalFlink flink() {
        return flink;
    }

    /** Ends the job, the cluster and the broker. */
    @Override
    public void close() throws IOException {
        Interrupts.deferred(() -> {
            try (kafka) {
                flink.close();
            }
        });
    }
}
