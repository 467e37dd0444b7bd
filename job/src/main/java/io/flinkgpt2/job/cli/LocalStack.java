package io.flinkgpt2.job.cli;

import io.flinkgpt2.job.CompletionJob;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.job.local.EmbeddedKafka;
import io.flinkgpt2.job.local.LocalFlink;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** A Kafka broker and a Flink cluster in this process, with the job's topics, for {@code demo} and {@code local}. */
final class LocalStack implements AutoCloseable {

    /** Records of so many bytes fit the topics: base64 of the largest dead letter kept whole included. */
    static final int MAX_MESSAGE_BYTES = 32 << 20;

    /** A value of so many bytes fits a dead letter whole. */
    private static final int DEAD_LETTER_BYTES = 23 << 20;

    private final EmbeddedKafka kafka;
    private final LocalFlink flink;
    private final JobSettings settings;

    private LocalStack(EmbeddedKafka kafka, LocalFlink flink, JobSettings settings) {
        this.kafka = kafka;
        this.flink = flink;
        this.settings = settings;
    }

    /**
     * Starts broker and cluster and creates the topics, with as many partitions as there are slots.
     *
     * @param kafkaPort 0 for any
     * @param webPort 0 for any
     * @param slots parallelism of the job
     * @param model directory of the model
     * @param bounded whether the job ends with the records that are there when it starts
     * @param jobOptions the user's options of the job
     */
    static LocalStack start(int kafkaPort, int webPort, int slots, Path model, boolean bounded, List<String> jobOptions)
            throws IOException, InterruptedException {
        Configuration options = JobArguments.parse(jobOptions);
        setDefault(options, JobOptions.MODEL_PATH, model.toAbsolutePath().toString());
        setDefault(options, JobOptions.CHECKPOINT_INTERVAL, Duration.ofSeconds(1));
        setDefault(options, JobOptions.DEAD_LETTERS_MAX_BYTES, DEAD_LETTER_BYTES);
        setDefault(options, JobOptions.SOURCE_BOUNDED, bounded);
        // Ours to decide, but needed for the options to be whole before anything is started.
        options.set(JobOptions.KAFKA_BOOTSTRAP_SERVERS, "localhost:" + kafkaPort);
        JobSettings.from(options);

        EmbeddedKafka kafka = EmbeddedKafka.start(
                EmbeddedKafka.Options.defaults().withPort(kafkaPort).withMessageMaxBytes(MAX_MESSAGE_BYTES));
        try {
            options.set(JobOptions.KAFKA_BOOTSTRAP_SERVERS, kafka.bootstrapServers());
            JobSettings settings = JobSettings.from(options);
            Map<String, String> topic = Map.of("max.message.bytes", String.valueOf(MAX_MESSAGE_BYTES));
            kafka.createTopic(settings.kafka().promptsTopic(), slots, topic);
            kafka.createTopic(settings.kafka().completionsTopic(), slots, topic);
            kafka.createTopic(settings.kafka().deadLettersTopic(), slots, topic);
            LocalFlink flink = LocalFlink.start(
                    LocalFlink.Options.defaults().withWebPort(webPort).withSlots(slots));
            return new LocalStack(kafka, flink, settings);
        } catch (IOException | InterruptedException | RuntimeException | Error e) {
            try {
                kafka.close();
            } catch (IOException | RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private static <T> void setDefault(Configuration options, ConfigOption<T> option, T value) {
        if (!options.contains(option)) {
            options.set(option, value);
        }
    }

    /** Submits the job. */
    JobClient submit() throws Exception {
        StreamExecutionEnvironment environment = flink.environment();
        CompletionJob.build(environment, settings, TopicLimits.of(settings.kafka()));
        return environment.executeAsync(settings.jobName());
    }

    JobSettings settings() {
        return settings;
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
        try (kafka) {
            flink.close();
        }
    }
}
