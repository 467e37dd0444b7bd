package io.flinkgpt2.cli.topic;

import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.cli.common.Progress;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.files.ReadOptions;
import io.flinkgpt2.job.files.RecordReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code produce}: the prompts of files to a topic. */
@Command(
        name = "produce",
        mixinStandardHelpOptions = true,
        customSynopsis = "flink-gpt2 produce [--topic prompts] FILE... [--bootstrap-servers localhost:9092]",
        description = {
            "Sends the prompts of files to a topic, as requests: the files that batch reads.",
            "Exit codes: 0 all sent, 3 some records make no request and were not sent, 1 failed."
        })
public final class ProduceCommand implements Callable<Integer> {

    private static final int SOME_NOT_SENT = 3;
    private static final int PROGRESS_EVERY = 1000;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files, directories, or globs in quotes.")
    private List<String> files;

    @Option(
            names = "--topic",
            paramLabel = "TOPIC",
            defaultValue = "prompts",
            description = "Topic to send to (default: prompts).")
    private String topic;

    @Option(
            names = "--input-format",
            paramLabel = "FORMAT",
            description = "What all files hold: jsonl, text, csv, tsv or parquet (default: as their names say).")
    private FileFormat format;

    @Option(
            names = "--prompt-column",
            paramLabel = "NAME",
            defaultValue = ReadOptions.PROMPT_COLUMN,
            description = "The column of a table that holds the prompt (default: prompt).")
    private String promptColumn;

    @Option(
            names = "--split-on",
            paramLabel = "LINE",
            description = "The line that separates prompts of plain text (default: each line is one).")
    private String separator;

    @Mixin
    private KafkaArguments kafka;

    @Override
    public Integer call() throws Exception {
        PrintWriter err = spec.commandLine().getErr();
        PromptFiles found = PromptFiles.find(files, format);
        kafka.requireTopic(topic, AclOperation.WRITE);
        long bytes = found.list().stream().mapToLong(PromptFile::length).sum();
        FileReaders readers = new FileReaders(new ReadOptions(promptColumn, separator));
        Map<String, Object> ours = Map.of(
                ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG,
                ByteArraySerializer.class,
                ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG,
                ByteArraySerializer.class,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                FileRecord.LONGEST + (1 << 20),
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                2L * FileRecord.LONGEST,
                ProducerConfig.COMPRESSION_TYPE_CONFIG,
                "zstd");
        long sent = 0;
        long refused = 0;
        AtomicReference<Exception> failure = new AtomicReference<>();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(kafka.properties(ours));
                Progress progress = new Progress(err)) {
            long before = 0;
            for (PromptFile file : found.list()) {
                try (RecordReader reader = readers.open(file)) {
                    FileRecord record;
                    while ((record = reader.next()) != null) {
                        requireNone(failure.get(), sent);
                        if (record.refusal() != null) {
                            refused++;
                            err.println(Printable.line(
                                    file.name() + ", line " + record.line() + ": " + record.refusal().message));
                            continue;
                        }
                        producer.send(new ProducerRecord<>(topic, record.request()), (metadata, e) -> {
                            if (e != null) {
                                failure.compareAndSet(null, e);
                            }
                        });
                        if (++sent % PROGRESS_EVERY == 0) {
                            progress.sent(sent, before + Math.min(file.length(), reader.position()), bytes);
                        }
                    }
                }
                before += file.length();
            }
            producer.flush();
        }
        requireNone(failure.get(), sent);
        err.println(sent + " requests sent to " + topic + (refused == 0 ? "." : ", " + refused + " records not."));
        return refused == 0 ? 0 : SOME_NOT_SENT;
    }

    private void requireNone(Exception failure, long sent) throws IOException {
        if (failure != null) {
            throw new IOException(
                    "topic " + topic + ": a request cannot be sent (" + failure.getMessage() + "); " + sent
                            + " were handed over so far, some of which may be there",
                    failure);
        }
    }
}
