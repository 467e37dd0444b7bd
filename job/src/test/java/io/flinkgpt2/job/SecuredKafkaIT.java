package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.SecurityGuide.Acl;
import io.flinkgpt2.job.kafka.JobAccess;
import io.flinkgpt2.job.kafka.KafkaAccessException;
import io.flinkgpt2.job.kafka.TopicLimits;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.JobID;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.InstantiationUtil;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The job on a broker with TLS, users and ACLs, with the options and the ACLs of {@code docs/security.md}. The listener without
 * security is the administrator's.
 */
class SecuredKafkaIT {

    private static final String SCRAM = "SCRAM";
    private static final String TLS = "TLS";
    private static final String USER = "flink-gpt2";
    /** Has the optional ACLs too, and a certificate. */
    private static final String READS_LIMITS = "reads-limits";

    private static final String MAY_DESCRIBE = "may-describe";
    private static final String PASSWORD = "user-secret-3141";
    private static final int PROMPTS = 12;

    @TempDir
    private static Path directory;

    private static SecurityGuide guide;
    private static Certificates certificates;
    private static TestStack stack;

    @BeforeAll
    static void start() throws Exception {
        guide = SecurityGuide.read();
        certificates = Certificates.make(directory, READS_LIMITS);
        Files.createDirectory(directory.resolve("secrets"));
        Files.writeString(directory.resolve("secrets").resolve("keystore-password"), Certificates.PASSWORD);
        Files.writeString(directory.resolve("kafka.properties"), "password=" + PASSWORD + "\n");
        Files.copy(certificates.file("client.p12"), directory.resolve("flink-gpt2.p12"));
        stack = TestStack.start(
                EmbeddedKafka.Options.defaults()
                        .withListeners(Map.of(SCRAM, "SASL_SSL", TLS, "SSL"))
                        .withSettings(brokerSettings()),
                Map.of());
        stack.createTopic("prompts", 2);
        stack.createTopic("completions", 2, Map.of("max.message.bytes", "2000000"));
        stack.createTopic("dead-letters", 2);
        createUsers();
    }

    @AfterAll
    static void stop() throws IOException {
        if (stack != null) {
            stack.close();
        }
    }

    private static Map<String, String> brokerSettings() {
        Map<String, String> settings = new HashMap<>();
        settings.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
        settings.put("super.users", "User:ANONYMOUS");
        settings.put("sasl.enabled.mechanisms", "SCRAM-SHA-512");
        settings.put(
                "listener.name.scram.scram-sha-512.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required;");
        settings.put("ssl.keystore.location", certificates.file("broker.p12").toString());
        settings.put("ssl.keystore.type", "PKCS12");
        settings.put("ssl.keystore.password", Certificates.PASSWORD);
        settings.put(
                "ssl.truststore.location", certificates.file("authority.pem").toString());
        settings.put("ssl.truststore.type", "PEM");
        settings.put("listener.name.tls.ssl.client.auth", "required");
        settings.put("ssl.principal.mapping.rules", "RULE:^CN=([^,]+).*$/$1/");
        return settings;
    }

    /** Users with all ACLs of the guide, with the required ones, with each of them missing, and one that may look only. */
    private static void createUsers() throws Exception {
        Map<String, List<Acl>> users = new TreeMap<>();
        List<Acl> required = guide.requiredAcls();
        users.put(USER, required);
        users.put(
                READS_LIMITS,
                Stream.concat(required.stream(), guide.optionalAcls().stream()).toList());
        for (Acl missing : required) {
            users.put(
                    without(missing),
                    required.stream().filter(acl -> acl != missing).toList());
        }
        users.put(
                MAY_DESCRIBE,
                required.stream()
                        .map(acl -> new Acl(AclOperation.DESCRIBE, acl.resource()))
                        .toList());
        List<UserScramCredentialAlteration> passwords = users.keySet().stream()
                .<UserScramCredentialAlteration>map(user -> new UserScramCredentialUpsertion(
                        user, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD))
                .toList();
        List<AclBinding> acls = users.entrySet().stream()
                .flatMap(user -> user.getValue().stream().map(acl -> acl.of(user.getKey())))
                .toList();
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", stack.bootstrapServers()))) {
            admin.alterUserScramCredentials(passwords).all().get();
            admin.createAcls(acls).all().get();
            // Written after the passwords: whoever sees these sees those.
            await().until(() ->
                    admin.describeAcls(AclBindingFilter.ANY).values().get().size() == acls.size());
        }
    }

    private static String without(Acl acl) {
        return "without-" + acl.operation().name() + "-" + acl.resource().name();
    }

    @ParameterizedTest
    @CsvSource({SCRAM, TLS})
    void theJobAnswersOnceAndNoSecretIsSeen(String listener) throws Exception {
        for (int i = 0; i < PROMPTS; i++) {
            String prompt = i == 0 ? "" : ", \"prompt\": \"The king\", \"max_tokens\": 4";
            stack.produce(List.of(TestStack.request(
                    "prompts", i % 2, "{\"custom_id\": \"" + listener + "-" + i + "\"" + prompt + "}")));
        }
        int letters = stack.committed("dead-letters").size();
        JobSettings settings = settings(listener, Map.of());
        StreamExecutionEnvironment environment = stack.environment(1);
        String log;
        JobID job;
        String graph;
        try (CapturedLog captured = new CapturedLog()) {
            TopicLimits limits = requireAccess(settings);
            assertThat(limits.completionBytes()).isEqualTo(listener.equals(TLS) ? 2_000_000 : 1_048_588);
            CompletionJob.build(environment, settings, limits);
            graph = new String(
                    InstantiationUtil.serializeObject(
                            environment.getStreamGraph(false).getJobGraph()),
                    StandardCharsets.ISO_8859_1);
            JobExecutionResult result = environment.execute(settings.jobName());
            job = result.getJobID();
            log = captured.text();
        }

        assertThat(stack.restarts(job)).isZero();
        assertThat(customIds("completions", listener)).containsExactlyInAnyOrderElementsOf(ids(listener, 1));
        assertThat(stack.committed("dead-letters")).hasSize(letters + 1);
        String secret = listener.equals(SCRAM) ? PASSWORD : Certificates.PASSWORD;
        assertThat(graph)
                .contains(listener.equals(SCRAM) ? "${file:" : "${directory:")
                .doesNotContain(secret);
        // The clients tell their settings, and hide those that are secret.
        assertThat(log)
                .contains("ProducerConfig values", "ConsumerConfig values", "[hidden]", settings.jobName())
                .doesNotContain(secret);
        assertThat(rest(job)).contains(settings.jobName(), job.toString()).doesNotContain(secret, "${");
    }

    /** All that the web UI asks for about a job. */
    private static String rest(JobID job) throws Exception {
        StringBuilder answers = new StringBuilder();
        List<String> paths = new ArrayList<>(
                List.of("/config", "/overview", "/jobmanager/config", "/jobmanager/environment", "/taskmanagers"));
        for (String path : List.of(
                "", "/config", "/plan", "/exceptions", "/accumulators", "/checkpoints", "/checkpoints/config")) {
            paths.add("/jobs/" + job + path);
        }
        JsonNode details = TestStack.json(stack.rest("/jobs/" + job).getBytes(StandardCharsets.UTF_8));
        details.get("vertices")
                .forEach(vertex -> paths.add(
                        "/jobs/" + job + "/vertices/" + vertex.get("id").asText()));
        for (String path : paths) {
            answers.append(stack.rest(path));
        }
        return answers.toString();
    }

    private static List<String> ids(String listener, int from) {
        return IntStream.range(from, PROMPTS).mapToObj(i -> listener + "-" + i).toList();
    }

    private static List<String> customIds(String topic, String listener) {
        return TestStack.json(stack.committed(topic))
                .map(answer -> answer.get("custom_id").asText())
                .filter(id -> id.startsWith(listener))
                .collect(Collectors.toList());
    }

    static List<Acl> requiredAcls() throws IOException {
        return SecurityGuide.read().requiredAcls();
    }

    @ParameterizedTest
    @MethodSource("requiredAcls")
    void anAclThatIsMissingIsNamedAtTheStart(Acl acl) {
        JobSettings settings = settings(SCRAM, scram(without(acl), PASSWORD));

        assertThatThrownBy(() -> requireAccess(settings))
                .isInstanceOf(KafkaAccessException.class)
                .hasMessageContainingAll(named(acl).toArray(new String[0]));
    }

    /** Topics can be looked at without the right to use them. */
    @Test
    void aRightThatTheBrokersSayIsMissingIsNamedToo() {
        JobSettings settings = settings(SCRAM, scram(MAY_DESCRIBE, PASSWORD));

        assertThatThrownBy(() -> requireAccess(settings))
                .isInstanceOf(KafkaAccessException.class)
                .hasNoCause()
                .hasMessageContainingAll(named(guide.requiredAcls().get(0)).toArray(new String[0]));
    }

    private static List<String> named(Acl acl) {
        String operation = acl.operation() == AclOperation.READ ? "Read" : "Write";
        String name = acl.resource().name();
        ResourceType type = acl.resource().resourceType();
        String option = type == ResourceType.TOPIC
                ? "--topic "
                : type == ResourceType.GROUP ? "--group " : "--transactional-id ";
        return List.of(
                stack.bootstrapServers(SCRAM),
                "found no permission",
                "expected the ACL " + operation,
                "--operation " + operation + " " + option + name);
    }

    static List<Arguments> refusals() {
        return List.of(
                Arguments.of(SCRAM, scram(USER, "another"), "user or password", "sasl.jaas.config"),
                Arguments.of(SCRAM, scram("nobody", PASSWORD), "user or password", "sasl.jaas.config"),
                Arguments.of(SCRAM, Map.of("kafka.sasl.mechanism", "SCRAM-SHA-256"), "mechanism", "SCRAM-SHA-512"),
                Arguments.of(
                        TLS,
                        Map.of(
                                "kafka.ssl.keystore.location",
                                "",
                                "kafka.ssl.keystore.password",
                                "",
                                "kafka.ssl.keystore.type",
                                ""),
                        "refuses",
                        "keystore"),
                Arguments.of(
                        SCRAM,
                        Map.of("kafka.ssl.truststore.location", file("stranger.pem")),
                        "authority",
                        "truststore"),
                Arguments.of(TLS, Map.of("kafka.ssl.keystore.location", file("stranger.p12")), "refuses", "keystore"),
                Arguments.of(TLS, Map.of("kafka.ssl.keystore.location", file("none.p12")), "keystore", "none.p12"),
                Arguments.of(
                        TLS, Map.of("kafka.ssl.keystore.password", "another"), "keystore", "ssl.keystore.location"));
    }

    private static String file(String name) {
        return directory.resolve(name).toString();
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatTheBrokerRefusesIsNamedAtTheStart(
            String listener, Map<String, String> changed, String found, String look) {
        JobSettings settings = settings(listener, changed);

        assertThatThrownBy(() -> requireAccess(settings))
                .isInstanceOf(KafkaAccessException.class)
                .hasMessageStartingWith("Kafka at " + stack.bootstrapServers(listener) + ": found ")
                .hasMessageContainingAll(found, look, ", expected ")
                .hasMessageNotContaining(PASSWORD);
    }

    /** Without DescribeConfigs the job cannot know what the brokers allow. */
    @Test
    void transactionsThatTheBrokersDoNotAllowAreNamedAtTheStart() {
        JobSettings settings = settings(SCRAM, Map.of("kafka.transaction.timeout.ms", "1000000"));

        assertThatThrownBy(() -> requireAccess(settings))
                .isInstanceOf(KafkaAccessException.class)
                .hasMessageContainingAll("transactional ids flink-gpt2-", "1000000 ms", "transaction.max.timeout.ms");
    }

    private static TopicLimits requireAccess(JobSettings settings) {
        TopicLimits limits = TopicLimits.of(settings.kafka());
        JobAccess.require(settings.kafka(), limits);
        return limits;
    }

    private static Map<String, String> scram(String user, String password) {
        return Map.of(
                "kafka.sasl.jaas.config",
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"" + user + "\" password=\""
                        + password + "\";");
    }

    /** The guide's options for a listener, in a file; those that are changed to nothing are left out. */
    private static JobSettings settings(String listener, Map<String, String> changed) {
        Map<String, String> options = new TreeMap<>(listener.equals(SCRAM) ? guide.scramOptions() : guide.tlsOptions());
        options.replaceAll((name, value) -> value.replace(SecurityGuide.DIRECTORY, directory.toString()));
        options.put("kafka.bootstrap.servers", stack.bootstrapServers(listener));
        options.putAll(changed);
        options.values().removeIf(String::isEmpty);
        Properties lines = new Properties();
        lines.putAll(options);
        Path file = directory.resolve("job.properties");
        try (Writer writer = Files.newBufferedWriter(file)) {
            lines.store(writer, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return JobSettings.from(JobArguments.parse(List.of(
                "--options-file",
                file.toString(),
                "--model",
                TestStack.MODEL.toString(),
                "--source.bounded",
                "--checkpoint.interval=1 s")));
    }
}
