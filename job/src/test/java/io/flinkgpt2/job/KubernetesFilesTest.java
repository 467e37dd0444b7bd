package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.record.SystemFingerprint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.config.types.Password;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks of {@code deploy/kubernetes} that need no cluster. */
class KubernetesFilesTest {

    private static final Path FILES = Path.of("../deploy/kubernetes");
    private static final String DEPLOYMENT = "FlinkDeployment/flink-gpt2";
    private static final String OPTIONS = "ConfigMap/flink-gpt2-options";

    /** Read once, for it is large. */
    private static OperatorSchema schema;

    @TempDir
    private Path directory;

    @BeforeAll
    static void readSchema() throws IOException {
        schema = new OperatorSchema();
    }

    /** The files that can be applied together: each overlay, and the plain one with each component. */
    enum Rendering {
        PLAIN("plain"),
        SASL_TLS("sasl-tls"),
        MODEL_VOLUME("plain", "model-volume"),
        MODEL_FROM_BUCKET("plain", "model-from-bucket");

        private final Path overlay;
        private final Path[] components;

        Rendering(String overlay, String... components) {
            this.overlay = FILES.resolve("overlays").resolve(overlay);
            this.components = Stream.of(components)
                    .map(name -> FILES.resolve("components").resolve(name))
                    .toArray(Path[]::new);
        }

        Map<String, ObjectNode> objects() throws IOException {
            return Kustomization.render(overlay, components);
        }
    }

    static Rendering[] renderings() {
        return Rendering.values();
    }

    @Test
    void everyOverlayAndComponentIsChecked() throws IOException {
        Set<Path> checked = new HashSet<>();
        for (Rendering rendering : Rendering.values()) {
            checked.add(rendering.overlay);
            checked.addAll(List.of(rendering.components));
        }
        try (Stream<Path> overlays = Files.list(FILES.resolve("overlays"));
                Stream<Path> components = Files.list(FILES.resolve("components"))) {
            assertThat(Stream.concat(overlays, components)).containsExactlyInAnyOrderElementsOf(checked);
        }
    }

    @ParameterizedTest
    @MethodSource("renderings")
    void everyObjectIsValid(Rendering rendering) throws IOException {
        for (JsonNode object : rendering.objects().values()) {
            String kind = object.path("kind").textValue();
            assertThat(object.at("/metadata/name").textValue()).as(kind).matches("[a-z0-9-]{1,63}");
            switch (kind) {
                case "FlinkDeployment" -> {
                    assertThat(object.path("apiVersion").textValue()).isEqualTo(schema.apiVersion());
                    assertThat(names(object)).containsExactlyInAnyOrder("apiVersion", "kind", "metadata", "spec");
                    assertThat(schema.faults(object.path("spec"))).isEmpty();
                }
                case "PodMonitor" ->
                    assertThat(OperatorSchema.faults(object, "podmonitor.schema.json"))
                            .isEmpty();
                case "PersistentVolumeClaim" -> {
                    assertThat(object.path("apiVersion").textValue()).isEqualTo("v1");
                    assertThat(schema.faultsOfClaim(object.path("spec"))).isEmpty();
                }
                case "ConfigMap" ->
                    assertThat(object.path("data"))
                            .allSatisfy(value -> assertThat(value.isTextual()).isTrue());
                default -> throw new AssertionError("no schema for " + kind);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/job, upgradMode, savepoint",
        "/podTemplate/spec, enableServiceLink, false",
        "/taskManager/resource, cpus, 2",
        "'', flinkConfig, x",
    })
    void aMisspeltFieldIsAFault(String place, String name, String value) throws IOException {
        ObjectNode spec = (ObjectNode) Rendering.PLAIN.objects().get(DEPLOYMENT).path("spec");
        ((ObjectNode) spec.at(place)).put(name, value);

        assertThat(schema.faults(spec)).anyMatch(fault -> fault.getMessage().contains(name));
    }

    @Test
    void aValueThatIsNotOneOfThoseAllowedIsAFault() throws IOException {
        ObjectNode spec = (ObjectNode) Rendering.PLAIN.objects().get(DEPLOYMENT).path("spec");
        spec.put("flinkVersion", "v2_9");
        ((ObjectNode) spec.path("job")).put("upgradeMode", "safepoint");

        assertThat(schema.faults(spec)).hasSize(2);
    }

    @Test
    void imageJarAndVersionsAreThoseOfTheBuild() throws IOException {
        JsonNode spec = Rendering.PLAIN.objects().get(DEPLOYMENT).path("spec");
        String flink = EnvironmentInformation.getVersion();
        String[] numbers = flink.split("\\.");

        assertThat(spec.path("image").textValue()).isEqualTo("flink-gpt2:" + SystemFingerprint.version());
        assertThat(spec.path("flinkVersion").textValue()).isEqualTo("v" + numbers[0] + "_" + numbers[1]);
        assertThat(environment(spec)).containsEntry("ENABLE_BUILT_IN_PLUGINS", "flink-s3-fs-presto-" + flink + ".jar");
        assertThat(spec.at("/job/entryClass").textValue()).isEqualTo(CompletionJob.class.getName());
        String jar = spec.at("/job/jarURI").textValue();
        assertThat(jar).startsWith("local://");
        assertThat(Files.readString(FILES.resolveSibling("docker/Dockerfile")))
                .contains("flink-gpt2-job.jar " + jar.substring("local://".length()));
    }

    @ParameterizedTest
    @MethodSource("renderings")
    void flinkKnowsItsSettings(Rendering rendering) throws IOException {
        Map<String, String> settings = texts(rendering.objects().get(DEPLOYMENT).at("/spec/flinkConfiguration"));

        FlinkOptionsKnown.check(settings);
        FlinkOptionsKnown.checkPrometheus(settings, 9249);
        // Kubernetes' configuration takes the place of the image's.
        assertThat(settings).containsKeys(ImageFilesTest.settings().keySet().toArray(String[]::new));
        for (String directory : List.of(
                "high-availability.storageDir",
                "execution.checkpointing.dir",
                "execution.checkpointing.savepoint-dir")) {
            assertThat(settings.get(directory)).as(directory).startsWith("s3://");
        }
    }

    @ParameterizedTest
    @MethodSource("renderings")
    void theJobTakesItsOptions(Rendering rendering) throws IOException {
        JobSettings settings = JobSettings.from(options(inTestDirectory(rendering.objects())));

        assertThat(settings.jobName()).isEqualTo("flink-gpt2");
        assertThat(settings.kafka().bootstrapServers()).startsWith("kafka-bootstrap.kafka.svc:");
        if (rendering != Rendering.PLAIN) {
            assertThat(settings.generation().model().path()).isEqualTo("/models/gpt2");
        }
    }

    private static org.apache.flink.configuration.Configuration options(Map<String, ObjectNode> objects) {
        JsonNode spec = objects.get(DEPLOYMENT).path("spec");
        List<String> arguments = new ArrayList<>();
        spec.at("/job/args").forEach(argument -> arguments.add(argument.textValue()));
        // The image's own, then those of the ConfigMap.
        Map<String, String> environment =
                new HashMap<>(Map.of("FLINK_GPT2_MODEL", "/opt/flink-gpt2/models/fairytales"));
        environment.putAll(texts(objects.get(OPTIONS).path("data")));
        return JobArguments.parse(arguments, environment);
    }

    @ParameterizedTest
    @MethodSource("renderings")
    void whatIsNamedIsThere(Rendering rendering) throws IOException {
        Map<String, ObjectNode> objects = rendering.objects();
        JsonNode pod = objects.get(DEPLOYMENT).at("/spec/podTemplate/spec");
        String readme = Files.readString(FILES.resolve("README.md"));
        Set<String> volumes = new HashSet<>();
        for (JsonNode volume : pod.path("volumes")) {
            assertThat(volumes.add(volume.path("name").textValue())).isTrue();
            if (volume.has("persistentVolumeClaim")) {
                assertThat(objects)
                        .containsKey("PersistentVolumeClaim/"
                                + volume.at("/persistentVolumeClaim/claimName").textValue());
            }
            if (volume.has("secret")) {
                assertThat(readme).contains(volume.at("/secret/secretName").textValue());
            }
        }
        Set<String> mounted = new HashSet<>();
        List<JsonNode> containers = new ArrayList<>();
        pod.path("containers").forEach(containers::add);
        pod.path("initContainers").forEach(containers::add);
        for (JsonNode container : containers) {
            container
                    .path("volumeMounts")
                    .forEach(mount -> mounted.add(mount.path("name").textValue()));
            for (JsonNode from : container.path("envFrom")) {
                assertThat(objects)
                        .containsKey(
                                "ConfigMap/" + from.at("/configMapRef/name").textValue());
            }
            for (JsonNode variable : container.path("env")) {
                JsonNode secret = variable.at("/valueFrom/secretKeyRef");
                if (!secret.isMissingNode()) {
                    assertThat(readme)
                            .contains(
                                    secret.path("name").textValue(),
                                    secret.path("key").textValue());
                }
            }
        }
        assertThat(mounted).isEqualTo(volumes);
        assertThat(pod.at("/containers/0/name").textValue()).isEqualTo("flink-main-container");
    }

    @Test
    void noSecretIsInTheFiles() throws IOException {
        Map<String, ObjectNode> objects = Rendering.SASL_TLS.objects();

        assertThat(objects.keySet()).noneMatch(name -> name.startsWith("Secret/"));
        assertThat(texts(objects.get(OPTIONS).path("data")).get("FLINK_GPT2_KAFKA_SASL_JAAS_CONFIG"))
                .contains("username=\"${secret:/etc/kafka/credentials:username}\"")
                .contains("password=\"${secret:/etc/kafka/credentials:password}\"");
    }

    /** Replaces the directory of mounted secrets, which Kafka's clients look into, by one of the test with the same files. */
    private Map<String, ObjectNode> inTestDirectory(Map<String, ObjectNode> objects) throws IOException {
        ObjectNode data = (ObjectNode) objects.get(OPTIONS).path("data");
        texts(data).forEach((name, value) -> data.put(name, value.replace("/etc/kafka", directory.toString())));
        Path credentials = Files.createDirectory(directory.resolve("credentials"));
        Files.writeString(credentials.resolve("username"), "reader");
        Files.writeString(credentials.resolve("password"), "of-a-file");
        return objects;
    }

    /** Kafka's own clients read the secret's files, here in another directory than a pod's. */
    @Test
    void kafkasClientsFindUserAndPasswordInTheMountedFiles() throws IOException {
        Map<String, ObjectNode> objects = inTestDirectory(Rendering.SASL_TLS.objects());
        Map<String, Object> properties =
                new HashMap<>(JobSettings.from(options(objects)).kafka().clientProperties());
        properties.put("bootstrap.servers", "localhost:1");

        AdminClientConfig admin = new AdminClientConfig(properties);
        Password login = admin.getPassword(SaslConfigs.SASL_JAAS_CONFIG);

        assertThat(login.value()).contains("username=\"reader\"", "password=\"of-a-file\"");
        assertThat(admin.getString("security.protocol")).isEqualTo("SASL_SSL");
        assertThat(admin.getString("ssl.truststore.location")).isEqualTo(directory + "/ca/ca.crt");
        assertThat(properties.keySet().stream().filter(name -> !name.startsWith("config.providers")))
                .isSubsetOf(ProducerConfig.configNames());
        for (JsonNode mount : objects.get(DEPLOYMENT).at("/spec/podTemplate/spec/containers/0/volumeMounts")) {
            String path = mount.path("mountPath").textValue();
            assertThat(path).matches("/opt/flink-gpt2/cache|/models|/etc/kafka/(credentials|ca)");
        }
    }

    @Test
    void thePodMonitorSelectsThePodsAndTheirPort() throws IOException {
        Map<String, ObjectNode> objects = Rendering.PLAIN.objects();
        JsonNode monitor = objects.get("PodMonitor/flink-gpt2").path("spec");
        JsonNode container = objects.get(DEPLOYMENT).at("/spec/podTemplate/spec/containers/0");

        // The labels that Flink gives the pods of a cluster.
        assertThat(texts(monitor.at("/selector/matchLabels")))
                .isEqualTo(Map.of("app", "flink-gpt2", "type", "flink-native-kubernetes"));
        assertThat(container.at("/ports/0/name")).isEqualTo(monitor.at("/podMetricsEndpoints/0/port"));
        assertThat(container.at("/ports/0/containerPort").intValue()).isEqualTo(9249);
        String alerts = Files.readString(FILES.resolveSibling("monitoring/prometheus/alerts.yml"));
        String job =
                monitor.at("/podMetricsEndpoints/0/relabelings/0/replacement").textValue();
        assertThat(alerts).contains("up{job=\"" + job + "\"}");
    }

    /** A ConfigMap's name gets a hash, which kustomize writes where this list says that the name is used. */
    @Test
    void theNameOfTheOptionsIsReplacedWhereItIsUsed() throws IOException {
        JsonNode field = Kustomization.documents(FILES.resolve("base/references.yaml"))
                .get(0)
                .at("/nameReference/0/fieldSpecs/0");
        String path = "/"
                + field.path("path")
                        .textValue()
                        .replace("containers/", "containers/0/")
                        .replace("envFrom/", "envFrom/0/");

        assertThat(field.path("kind").textValue()).isEqualTo("FlinkDeployment");
        assertThat(Rendering.PLAIN.objects().get(DEPLOYMENT).at(path).textValue())
                .isEqualTo("flink-gpt2-options");
    }

    private static Map<String, String> environment(JsonNode spec) {
        Map<String, String> environment = new HashMap<>();
        spec.at("/podTemplate/spec/containers/0/env")
                .forEach(variable -> environment.put(
                        variable.path("name").textValue(),
                        variable.path("value").textValue()));
        return environment;
    }

    private static Map<String, String> texts(JsonNode object) {
        Map<String, String> texts = new HashMap<>();
        object.fields()
                .forEachRemaining(
                        field -> texts.put(field.getKey(), field.getValue().textValue()));
        return texts;
    }

    private static List<String> names(JsonNode object) {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }
}
