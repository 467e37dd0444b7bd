package io.flinkgpt2.cli.topic;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.config.provider.FileConfigProvider;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files to a topic and back, with a real broker. */
class TopicCommandsTest {

    /** The listener with users; the other one is the administrator's. */
    private static final String USERS = "USERS";

    private static final String SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule required";
    private static final String PASSWORD = "user-secret-3141";

    private static EmbeddedKafka kafka;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() throws Exception {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults()
                .withListeners(Map.of(USERS, "SASL_PLAINTEXT"))
                .withSettings(Map.of(
                        "authorizer.class.name",
                        "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                        "super.users",
                        "User:ANONYMOUS",
                        "sasl.enabled.mechanisms",
                        "SCRAM-SHA-512",
                        "listener.name.users.scram-sha-512.sasl.jaas.config",
                        SCRAM_LOGIN + ";")));
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
        assertThat(produced.err())
                .contains("c.csv, line 4")
                .contains("5 requests sent to " + topic + ", 1 records not.");
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
                "bootstrap.servers",
                kafka.bootstrapServers(),
                "transactional.id",
                topic,
                "key.serializer",
                ByteArraySerializer.class,
                "value.serializer",
                ByteArraySerializer.class);
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
    void aUserSendsAndReadsWhatItMayAndIsToldWhatItMayNot() throws Exception {
        String topic = newTopic();
        String other = newTopic();
        createUser("ann", topic, AclOperation.WRITE, AclOperation.READ);
        Path prompts = Files.writeString(directory.resolve("a.jsonl"), "{\"prompt\":\"a\"}\n");
        Path client = clientFile("ann", PASSWORD);

        CommandRun produced =
                CommandRun.of("produce", "--topic", topic, "--command-config", client.toString(), prompts.toString());
        CommandRun consumed =
                CommandRun.of("consume", "--topic", topic, "--until", "1", "--command-config", client.toString());

        assertThat(produced.exitCode()).as(produced.err()).isZero();
        assertThat(consumed.out()).as(consumed.err()).isEqualTo("{\"prompt\":\"a\"}\n");
        assertRefused(
                CommandRun.of("produce", "--topic", other, "--command-config", client.toString(), prompts.toString()),
                "topic " + other,
                "expected the ACL Write");
        assertRefused(
                CommandRun.of("consume", "--topic", other, "--until", "1", "--command-config", client.toString()),
                "topic " + other,
                "expected the ACL Read");
        assertRefused(
                CommandRun.of(
                        "consume", "--until=1", "--command-config=" + clientFile("ann", "another"), "--topic", topic),
                "user or password",
                "sasl.jaas.config");
    }

    private static void assertRefused(CommandRun run, String... told) {
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err())
                .contains(told)
                .contains(kafka.bootstrapServers(USERS))
                .doesNotContain(PASSWORD, "another");
        assertThat(run.err().lines()).hasSize(1);
    }

    private static void createUser(String name, String topic, AclOperation... operations) throws Exception {
        List<AclBinding> acls = Stream.of(operations)
                .map(operation -> new AclBinding(
                        new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                        new AccessControlEntry("User:" + name, "*", operation, AclPermissionType.ALLOW)))
                .toList();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(
                            name, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD)))
                    .all()
                    .get();
            admin.createAcls(acls).all().get();
            await().until(() ->
                    admin.describeAcls(AclBindingFilter.ANY).values().get().size() == acls.size());
        }
    }

    /** A file of Kafka's tools; the password is in another. */
    private Path clientFile(String user, String password) throws IOException {
        Path secret = Files.writeString(directory.resolve(password + ".properties"), "password=" + password + "\n");
        return Files.writeString(
                directory.resolve("client-" + password + ".properties"),
                String.join(
                        "\n",
                        "bootstrap.servers=" + kafka.bootstrapServers(USERS),
                        "security.protocol=SASL_PLAINTEXT",
                        "sasl.mechanism=SCRAM-SHA-512",
                        "sasl.jaas.config=" + SCRAM_LOGIN + " username=\"" + user + "\" password=\"${file:" + secret
                                + ":password}\";",
                        "config.providers=file",
                        "config.providers.file.class=" + FileConfigProvider.class.getName()));
    }

    @Test
    void whatIsWrongIsToldByName() {
        assertThat(run("produce", "--topic", "none", directory.resolve("x.txt").toString())
                        .err())
                .contains("x.txt: found nothing there");
        assertThat(run("consume", "--topic", "none", "--until", "1").err()).contains("topic none does not exist at");
        assertThat(run("consume", "--topic", "none", "--until", "0").exitCode()).isEqualTo(2);
        assertThat(run("consume", "--topic", "none", "--idle", "soon").err()).contains("--idle: found 'soon'");
        assertThat(run("consume", "--until", "1", "--command-config", "none.properties"))
                .satisfies(run -> assertThat(run.exitCode()).isEqualTo(2))
                .satisfies(run -> assertThat(run.err()).contains("--command-config: found none.properties"));
        assertThat(run("consume", "--max-context", "5").exitCode()).isEqualTo(2);
        assertThat(run("consume", "--kafka", "security.protocol=NONE", "--until", "1")
                        .err())
                .contains("security.protocol");
    }
}
