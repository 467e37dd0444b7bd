package io.flinkgpt2.cli.topic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.cli.common.Progress;
import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.files.AnswerTable;
import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.AnswerWriters;
import io.flinkgpt2.job.files.FileFormat;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.flink.util.TimeUtils;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code consume}: the answers of a topic to a file or standard output. */
@Command(
        name = "consume",
        mixinStandardHelpOptions = true,
        customSynopsis =
                "flink-gpt2 consume [--topic completions] [-o OUT] [--until N] [--idle 10s] [--bootstrap-servers S]",
        description = {
            "Reads the committed records of a topic from its beginning, until so many are there or none has come for a time;"
                    + " else until interrupted.",
            "As text or table, answers with an error are told on standard error, and the exit code is 3 in the end."
        })
public final class ConsumeCommand implements Callable<Integer> {

    private static final int SOME_ERRORS = 3;
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            defaultValue = "completions",
            description = "Topic to read (default: completions).")
    private String topic;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "OUT",
            description = "File to write, which must not be there (default: standard output).")
    private Path out;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "jsonl",
            description = "jsonl (the records as they are), text, csv, tsv or parquet (default: jsonl).")
    private FileFormat format;

    @Option(names = "--until", paramLabel = "N", description = "End after so many records.")
    private Long until;

    @Option(
            names = "--idle",
            paramLabel = "TIME",
            description = "End when no record has come for this time, such as 10s.")
    private String idle;

    @Mixin
    private KafkaArguments kafka;

    @Override
    public Integer call() throws Exception {
        Duration patience = idle();
        if (until != null && until < 1) {
            throw new InvalidOptionException("--until", String.valueOf(until), "1 or more");
        }
        kafka.requireTopic(topic, AclOperation.READ);
        Map<String, Object> ours = Map.of(
                ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class,
                ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(kafka.properties(ours));
                Progress progress = new Progress(spec.commandLine().getErr());
                OutputStream stream = open();
                AnswerWriter writer = AnswerWriters.open(format, stream, AnswerTable.columnsOfRequests(), null)) {
            List<TopicPartition> partitions = consumer.partitionsFor(topic).stream()
                    .map(partition -> new TopicPartition(topic, partition.partition()))
                    .toList();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            return read(consumer, writer, stream, progress, patience);
        }
    }

    private Duration idle() {
        try {
            return idle == null ? null : TimeUtils.parseDuration(idle);
        } catch (IllegalArgumentException e) {
            throw new InvalidOptionException("--idle", "'" + idle + "'", "a duration such as 10s or 500ms", e);
        }
    }

    private OutputStream open() throws IOException {
        OutputStream stream = out == null ? System.out : Files.newOutputStream(out, StandardOpenOption.CREATE_NEW);
        return new BufferedOutputStream(stream, 1 << 16);
    }

    private int read(
            KafkaConsumer<byte[], byte[]> consumer,
            AnswerWriter writer,
            OutputStream stream,
            Progress progress,
            Duration patience)
            throws IOException {
        PrintWriter err = spec.commandLine().getErr();
        long read = 0;
        long errors = 0;
        long lastNews = System.nanoTime();
        while (!Thread.currentThread().isInterrupted()) {
            boolean news = false;
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(LOOK)) {
                news = true;
                String failure = format == FileFormat.JSONL ? null : failureOf(record.value());
                if (failure == null) {
                    writer.answered(null, record.value());
                } else {
                    errors++;
                    err.println(Printable.line(record.partition() + "-" + record.offset() + ": " + failure));
                }
                if (++read == (until == null ? -1 : until)) {
                    break;
                }
            }
            if (news) {
                lastNews = System.nanoTime();
                stream.flush();
                progress.received(read);
            }
            boolean enough = until != null && read >= until;
            if (enough || patience != null && System.nanoTime() - lastNews > patience.toNanos()) {
                break;
            }
        }
        return errors == 0 ? 0 : SOME_ERRORS;
    }

    /** Returns why an answer has no text, or null if it has. */
    private static String failureOf(byte[] answer) throws IOException {
        JsonNode json = MAPPER.readTree(answer);
        JsonNode body = json.path("response").path("body").isObject()
                ? json.path("response").path("body")
                : json;
        JsonNode error = body.path("error");
        return error.isObject() ? error.path("message").asText() : null;
    }
}
