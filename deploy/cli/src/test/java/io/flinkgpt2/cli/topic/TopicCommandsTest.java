package io.flinkgpt2.cli.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files to a topic and back, with a real broker. */
class TopicCommandsTest {

    private static EmbeddedKafka kafka;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    private static String newTopic() throws Exception {
        String topic = "t-" + UUID.randomUUID();
        kafka.createTopic(topic, 1, Map.of());
        return topic;
    }

    private static CommandRun run(String command, String... arguments) {
        String[] words = new String[arguments.length + 3];
        words[0] = command;
        System.arraycopy(arguments, 0, words, 1, arguments.length);
        words[words.length - 2] = "--bootstrap-servers";
        words[words.length - 1] = kafka.bootstrapServers();
        return CommandRun.of(words);
    }

    @Test
    void requestsOfFilesAreSentAndReadAgain() throws Exception {
        String topic = newTopic();
        Files.writeString(directory.resolve("a.jsonl"), "{\"prompt\":\"é\"}\n\n{\"prompt\":\"b\",\"n\":2}\r\n");
        Files.writeString(directory.resolve("b.txt"), "say \"hi\"\n");
        Files.writeString(directory.resolve("c.csv"), "id,prompt\n7,\"two\nlines\"\n8\n9,x\n");

        CommandRun produced = run("produce", "--topic", topic, directory.toString());

        assertThat(produced.exitCode()).as(produced.err()).isEqualTo(3);
        assertThat(produced.err()).contains("c.csv, line 4").contains("5 requests sent to " + topic + ", 1 records not.");
        CommandRun consumed = run("consume", "--topic", topic, "--until", "5");
        assertThat(consumed.exitCode()).as(consumed.err()).isZero();
        assertThat(consumed.out().lines())
                .containsExactly(
                        "{\"prompt\":\"é\"}",
                        "{\"prompt\":\"b\",\"n\":2}",
                        "{\"prompt\":\"say \\\"hi\\\"\"}",
                        "{\"prompt\":\"two\\nlines\",\"metadata\":{\"id\":\"7\"}}",
                        "{\"prompt\":\"x\",\"metadata\":{\"id\":\"9\"}}");
    }

    @Test
    void onlyWhatIsCommittedIsReadAndTheEndIsWhenNothingComes() throws Exception {
        String topic = newTopic();
        Map<String, Object> properties = Map.of(
                "bootstrap.servers", kafka.bootstrapServers(),
                "transactional.id", topic,
                "key.serializer", ByteArraySerializer.class,
                "value.serializer", ByteArraySerializer.class);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties)) {
            producer.initTransactions();
            for (String text : new String[] {"committed", "aborted"}) {
                producer.beginTransaction();
                String answer = "{\"custom_id\":\"a,b\",\"choices\":[{\"index\":0,\"text\":\"" + text
                        + "\\n2\",\"finish_reason\":\"stop\"}],\"metadata\":{\"k\":1},\"error\":null}";
                producer.send(new ProducerRecord<>(topic, answer.getBytes(UTF_8)));
                producer.send(new ProducerRecord<>(
                        topic, "{\"choices\":[],\"error\":{\"message\":\"it failed\"}}".getBytes(UTF_8)));
                producer.flush();
                if (text.equals("committed")) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
        Path out = directory.resolve("out.csv");

        CommandRun run = run("consume", "--topic", topic, "--idle", "1s", "--format", "csv", "-o", out.toString());

        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        assertThat(run.err()).contains("0-1: it failed");
        assertThat(Files.readString(out))
                .contains("\"a,b\",\"{\"\"k\"\":1}\",\"committed\n2\",stop,0")
                .doesNotContain("aborted");
        CommandRun again = run("consume", "--topic", topic, "--idle", "1s", "-o", out.toString());
        assertThat(again.exitCode()).isEqualTo(1);
        JsonNode first = run("consume", "--topic", topic, "--until", "1").json().get(0);
        assertThat(first.path("custom_id").asText()).isEqualTo("a,b");
    }

    @Test
    void whatIsWrongIsToldByName() {
        assertThat(run("produce", "--topic", "none", directory.resolve("x.txt").toString()).err())
                .contains("x.txt: found nothing there");
        assertThat(run("consume", "--topic", "none", "--until", "1").err()).contains("topic none does not exist at");
        assertThat(run("consume", "--topic", "none", "--until", "0").exitCode()).isEqualTo(2);
        assertThat(run("consume", "--topic", "none", "--idle", "soon").err()).contains("--idle: found 'soon'");
        assertThat(run("consume", "--max-context", "5").exitCode()).isEqualTo(2);
        assertThat(run("consume", "--kafka", "security.protocol=NONE", "--until", "1").err())
                .contains("security.protocol");
    }
}
