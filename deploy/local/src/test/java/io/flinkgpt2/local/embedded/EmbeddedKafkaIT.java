package io.flinkgpt2.local.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Most tests share one broker, on topics of their own. */
class EmbeddedKafkaIT {

    private static final int TWENTY_MEGABYTES = 20_000_000;
    private static final int LIMIT = 21_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static EmbeddedKafka kafka;

    @BeforeAll
    static void start() throws IOException {
        kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults().withMessageMaxBytes(LIMIT));
    }

    @AfterAll
    static void stop() throws IOException {
        kafka.close();
    }

    @Test
    void recordsComeBackInTheOrderTheyWereSent() throws Exception {
        kafka.createTopic("order", 1, Map.of());

        send(kafka, "order", "a", "b", "c");

        assertThat(read(kafka, "order", 1, 3)).containsExactly("a", "b", "c");
    }

    @Test
    void onlyCommittedTransactionsAreReadByReadCommitted() throws Exception {
        kafka.createTopic("transactions", 1, Map.of());
        Map<String, Object> settings = new HashMap<>(Map.of(
                ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                "a-transaction",
                // As long as the broker allows, which is what the job's sink may ask for.
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                900_000));
        try (KafkaProducer<byte[], byte[]> producer = producer(kafka, settings)) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(record("transactions", "aborted")).get();
            producer.abortTransaction();
            producer.beginTransaction();
            producer.send(record("transactions", "committed")).get();
            producer.commitTransaction();
        }

        assertThat(read(kafka, "transactions", 1, 1)).containsExactly("committed");
    }

    @Test
    void aConsumerGroupReadsEveryPartitionAndContinuesWhereItCommitted() throws Exception {
        kafka.createTopic("group", 3, Map.of());
        for (int i = 0; i < 3; i++) {
            try (KafkaProducer<byte[], byte[]> producer = producer(kafka, Map.of())) {
                producer.send(new ProducerRecord<>("group", i, null, ("first-" + i).getBytes(UTF_8)))
                        .get();
            }
        }

        assertThat(readAsGroup("group", 3)).containsExactlyInAnyOrder("first-0", "first-1", "first-2");
        send(kafka, "group", "second");
        assertThat(readAsGroup("group", 1)).containsExactly("second");
    }

    @Test
    void aRecordOfTwentyMegabytesPassesUnderARaisedLimit() throws Exception {
        kafka.createTopic("large", 1, Map.of());
        byte[] value = new byte[TWENTY_MEGABYTES];
        new Random(7).nextBytes(value);
        try (KafkaProducer<byte[], byte[]> producer = producer(kafka, largeRequests())) {
            producer.send(new ProducerRecord<>("large", value)).get();
        }

        List<byte[]> found = readBytes(kafka, "large", 1, 1);
        assertThat(found).hasSize(1);
        // Not isEqualTo, whose message would hold both.
        assertThat(Arrays.equals(found.get(0), value)).isTrue();
    }

    @Test
    void aRecordPastTheLimitIsRefusedByTheBroker() throws Exception {
        kafka.createTopic("too-large", 1, Map.of());
        try (KafkaProducer<byte[], byte[]> producer = producer(kafka, largeRequests())) {
            assertThatThrownBy(() -> producer.send(new ProducerRecord<>("too-large", new byte[LIMIT]))
                            .get())
                    .hasCauseInstanceOf(RecordTooLargeException.class);
        }
    }

    @Test
    void aTopicHasThePartitionsAndSettingsAskedFor() throws Exception {
        assertThat(kafka.createTopic("settings", 5, Map.of("retention.ms", "12345")))
                .isTrue();

        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "settings");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            assertThat(admin.describeTopics(List.of("settings"))
                            .allTopicNames()
                            .get()
                            .get("settings")
                            .partitions())
                    .hasSize(5);
            assertThat(admin.describeConfigs(List.of(topic))
                            .all()
                            .get()
                            .get(topic)
                            .get("retention.ms")
                            .value())
                    .isEqualTo("12345");
        }
    }

    @Test
    void aTopicThatExistsIsLeftAsItIs() throws Exception {
        kafka.createTopic("exists", 2, Map.of());
        send(kafka, "exists", "kept");

        assertThat(kafka.createTopic("exists", 2, Map.of())).isFalse();
        assertThat(read(kafka, "exists", 2, 1)).containsExactly("kept");
    }

    @Test
    void aTopicThatExistsWithOtherPartitionsIsRefused() throws Exception {
        kafka.createTopic("other-partitions", 2, Map.of());

        assertThatThrownBy(() -> kafka.createTopic("other-partitions", 4, Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("other-partitions", "2 partitions", "expected 4");
    }

    @Test
    void aTopicThatKafkaRefusesIsNamed() {
        assertThatThrownBy(() -> kafka.createTopic("no spaces", 1, Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("could not create topic no spaces", "InvalidTopicException");
        assertThatThrownBy(() -> kafka.createTopic("bad-setting", 1, Map.of("retention.ms", "soon")))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll("could not create topic bad-setting", "retention.ms");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> kafka.createTopic("none", 0, Map.of()))
                .withMessageContainingAll("none", "at least 1", "found 0");
    }

    @Test
    void aPortThatIsTakenIsNamedAndNothingIsLeft(@TempDir Path parent) throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            Path directory = parent.resolve("unused");
            EmbeddedKafka.Options options = EmbeddedKafka.Options.defaults()
                    .withPort(taken.getLocalPort())
                    .withDataDirectory(directory);

            assertThatThrownBy(() -> EmbeddedKafka.start(options))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("Kafka", "port " + taken.getLocalPort(), "choose another")
                    .hasCauseInstanceOf(BindException.class);
            assertThat(directory.resolve("meta.properties")).doesNotExist();
        }
    }

    @Test
    void aDataDirectoryOfAnotherClusterIsRefusedAndThePortFreed(@TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("meta.properties"), "version=1\ncluster.id=another\nnode.id=1\n");
        int port = freePort();

        assertThatThrownBy(() -> EmbeddedKafka.start(
                        EmbeddedKafka.Options.defaults().withPort(port).withDataDirectory(directory)))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(directory.toString(), "another", "empty directory");
        assertCanListen(port);
    }

    @Test
    void aDataDirectoryInUseIsRefusedAndItsBrokerGoesOn() throws Exception {
        EmbeddedKafka.Options options = EmbeddedKafka.Options.defaults().withDataDirectory(kafka.dataDirectory());

        assertThatThrownBy(() -> EmbeddedKafka.start(options))
                .isInstanceOf(IOException.class)
                .hasMessageContainingAll(kafka.dataDirectory().toString(), "in use", "another directory");
        kafka.createTopic("still-alive", 1, Map.of());
    }

    @Test
    void twoBrokersKnowNothingOfEachOther() throws Exception {
        PrintStream standardOutput = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, UTF_8));
        EmbeddedKafka other = EmbeddedKafka.start(EmbeddedKafka.Options.defaults());
        int port = other.port();
        Path directory = other.dataDirectory();
        try {
            assertThat(other.bootstrapServers()).isEqualTo("localhost:" + port).isNotEqualTo(kafka.bootstrapServers());
            kafka.createTopic("same-name", 1, Map.of());
            other.createTopic("same-name", 1, Map.of());
            send(kafka, "same-name", "here");
            send(other, "same-name", "there");

            assertThat(read(kafka, "same-name", 1, 1)).containsExactly("here");
            assertThat(read(other, "same-name", 1, 1)).containsExactly("there");
        } finally {
            other.close();
            System.setOut(standardOutput);
        }

        assertThat(directory).doesNotExist();
        assertCanListen(port);
        other.close();
        assertThat(printed.toString(UTF_8)).isEmpty();
        kafka.createTopic("after-the-other-closed", 1, Map.of());
    }

    @Test
    void topicsOutliveTheBrokerInADirectoryOfOnesOwn(@TempDir Path directory) throws Exception {
        EmbeddedKafka.Options options =
                EmbeddedKafka.Options.defaults().withPort(freePort()).withDataDirectory(directory);
        try (EmbeddedKafka first = EmbeddedKafka.start(options)) {
            assertThat(first.port()).isEqualTo(options.port());
            first.createTopic("kept", 1, Map.of());
            send(first, "kept", "before");
        }

        try (EmbeddedKafka second = EmbeddedKafka.start(options)) {
            assertThat(second.createTopic("kept", 1, Map.of())).isFalse();
            send(second, "kept", "after");
            assertThat(read(second, "kept", 1, 2)).containsExactly("before", "after");
        }
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).contains("kept-0", "meta.properties");
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            return socket.getLocalPort();
        }
    }

    private static void assertCanListen(int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress("localhost", port));
            assertThat(socket.isBound()).isTrue();
        }
    }

    private static Map<String, Object> largeRequests() {
        return Map.of(
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG, 2 * LIMIT, ProducerConfig.BUFFER_MEMORY_CONFIG, 2L * LIMIT);
    }

    private static KafkaProducer<byte[], byte[]> producer(EmbeddedKafka broker, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
        return new KafkaProducer<>(all, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static ProducerRecord<byte[], byte[]> record(String topic, String value) {
        return new ProducerRecord<>(topic, value.getBytes(UTF_8));
    }

    private static void send(EmbeddedKafka broker, String topic, String... values) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(broker, Map.of())) {
            for (String value : values) {
                producer.send(record(topic, value)).get();
            }
        }
    }

    /** The values of the first {@code count} committed records of a topic's partitions. */
    private static List<String> read(EmbeddedKafka broker, String topic, int partitions, int count) {
        return readBytes(broker, topic, partitions, count).stream()
                .map(value -> new String(value, UTF_8))
                .toList();
    }

    private static List<byte[]> readBytes(EmbeddedKafka broker, String topic, int partitions, int count) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer(broker, Map.of())) {
            List<TopicPartition> all = new ArrayList<>();
            for (int i = 0; i < partitions; i++) {
                all.add(new TopicPartition(topic, i));
            }
            consumer.assign(all);
            return poll(consumer, count);
        }
    }

    private static List<String> readAsGroup(String topic, int count) {
        try (KafkaConsumer<byte[], byte[]> consumer =
                consumer(kafka, Map.of(ConsumerConfig.GROUP_ID_CONFIG, "a-group"))) {
            consumer.subscribe(List.of(topic));
            List<byte[]> values = poll(consumer, count);
            consumer.commitSync();
            return values.stream().map(value -> new String(value, UTF_8)).toList();
        }
    }

    private static KafkaConsumer<byte[], byte[]> consumer(EmbeddedKafka broker, Map<String, Object> settings) {
        Map<String, Object> all = new HashMap<>(settings);
        all.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, broker.bootstrapServers());
        all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        all.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    private static List<byte[]> poll(KafkaConsumer<byte[], byte[]> consumer, int count) {
        List<byte[]> values = new ArrayList<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (values.size() < count && System.nanoTime() - deadline < 0) {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                values.add(record.value());
            }
        }
        return values;
    }
}
