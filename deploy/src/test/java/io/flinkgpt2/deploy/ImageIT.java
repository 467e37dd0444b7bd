package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import io.flinkgpt2.local.server.Ports;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.container.entrypoint.StandaloneApplicationClusterEntryPoint;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image of {@code deploy/docker/Dockerfile}, built on a base made from Debian packages and Flink's jars. Needs root, buildah
 * and mmdebstrap.
 */
@Tag("full")
class ImageIT {

    private static final String IMAGE = "flink-gpt2";
    private static final String BASE = "flink-base";

    private static final Pattern BROKER = Pattern.compile("/(kafka|scala|jackson)[^/]*$");

    /** Number of the user of Flink's images. */
    private static final int FLINK = 9999;

    private static final List<String> PROMPTS = List.of("Once upon a time", "The king", "The fox said");

    @TempDir
    private static Path directory;

    private static Buildah buildah;

    @BeforeAll
    static void build() throws Exception {
        Buildah.require();
        buildah = new Buildah(directory.resolve("storage"));
        Path root = Command.deploy().getParent();
        Path base = Command.deploy().resolve("test/flink-base");
        Path context = Files.createDirectory(directory.resolve("base"));
        List<String> makeRootfs = new ArrayList<>(List.of(
                base.resolve("make-rootfs").toString(),
                context.resolve("rootfs").toString()));
        makeRootfs.addAll(flinksJars());
        try (Running running = Command.of(makeRootfs.toArray(new String[0])).start()) {
            Run run = running.await(Buildah.PATIENCE);
            assertThat(run.exitCode()).as(run.out() + run.err()).isZero();
        }
        for (String file :
                List.of("docker-entrypoint.sh", "conf", "conf/config.yaml", "conf/log4j-console.properties")) {
            Files.copy(base.resolve(file), context.resolve(file));
        }
        buildah.build(base.resolve("Containerfile"), context, BASE);
        buildah.build(
                root.resolve("deploy/docker/Dockerfile"), root, IMAGE, "--build-arg", "FLINK_IMAGE=localhost/" + BASE);
    }

    /** Removes what JUnit would walk through with a warning for each link that leads out of its directory. */
    @AfterAll
    static void remove() throws Exception {
        Command.of(
                        "rm",
                        "-rf",
                        "--one-file-system",
                        "--",
                        directory.resolve("base").toString(),
                        directory.resolve("storage").toString())
                .run();
    }

    /** Returns the jars of a cluster, none of the broker's, and the entry class of an application cluster. */
    private static List<String> flinksJars() throws Exception {
        List<String> jars = new ArrayList<>();
        try (Stream<Path> lib = Files.list(Command.deploy().resolve("target/dist/lib"))) {
            lib.map(Path::toString).filter(jar -> !BROKER.matcher(jar).find()).forEach(jars::add);
        }
        jars.add(Path.of(StandaloneApplicationClusterEntryPoint.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .toString());
        assertThat(jars).anyMatch(jar -> jar.contains("flink-metrics-prometheus"));
        return jars;
    }

    @Test
    void userEntrypointCommandVariablesAndPortsAreSet() throws Exception {
        JsonNode configuration = buildah.configuration(IMAGE);

        assertThat(configuration.path("User").textValue()).isEqualTo("flink");
        assertThat(texts(configuration.path("Entrypoint"))).containsExactly("/docker-entrypoint.sh");
        assertThat(texts(configuration.path("Cmd")))
                .containsExactly("standalone-job", "--job-classname", "io.flinkgpt2.job.CompletionJob");
        assertThat(texts(configuration.path("Env")))
                .contains(
                        "JDK_JAVA_OPTIONS=--add-modules=jdk.incubator.vector",
                        "FLINK_GPT2_HOME=/opt/flink-gpt2/cache",
                        "FLINK_GPT2_MODEL=/opt/flink-gpt2/models/fairytales");
        List<String> ports = new ArrayList<>();
        configuration.path("ExposedPorts").fieldNames().forEachRemaining(ports::add);
        assertThat(ports).contains("8081/tcp", "9249/tcp");
        assertThat(configuration.at("/Labels/org.opencontainers.image.licenses").textValue())
                .isEqualTo("Apache-2.0");
    }

    @Test
    void filesAreThereAndBelongToWhomTheyMust() throws Exception {
        buildah.create("files", IMAGE, Map.of());
        try {
            Path root = buildah.root("files");

            assertThat(buildah.run("files", "id", "-un")).isEqualTo("flink");
            assertThat(root.resolve("opt/flink/usrlib/flink-gpt2-job.jar"))
                    .hasSameBinaryContentAs(Command.deploy().resolve("target/dist/flink-gpt2-job.jar"));
            try (Stream<Path> model = Files.list(Command.bundledModel())) {
                for (Path file : model.toList()) {
                    assertThat(root.resolve("opt/flink-gpt2/models/fairytales").resolve(file.getFileName()))
                            .hasSameBinaryContentAs(file);
                }
            }
            assertThat(root.resolve("opt/flink-gpt2")).isDirectoryContaining("glob:**/{LICENSE,NOTICE}");
            for (String owned : List.of("checkpoints", "opt/flink-gpt2/cache", "opt/flink/conf/config.yaml")) {
                assertThat(Files.getAttribute(root.resolve(owned), "unix:uid"))
                        .as(owned)
                        .isEqualTo(FLINK);
            }
            assertThat(Files.getAttribute(root.resolve("opt/flink/usrlib/flink-gpt2-job.jar"), "unix:uid"))
                    .isEqualTo(0);
            buildah.run("files", "bash", "-c", "test -r /opt/flink/usrlib/flink-gpt2-job.jar && touch /checkpoints/a");
            try (Stream<Path> top = Files.list(root.resolve("opt/flink-gpt2"))) {
                assertThat(top.map(file -> file.getFileName().toString()))
                        .containsExactlyInAnyOrder("LICENSE", "NOTICE", "flink.yaml", "models", "cache");
            }
        } finally {
            buildah.remove("files");
        }
    }

    @Test
    void jobManagerTaskManagerAndJobRunInsideAndAnswer() throws Exception {
        List<Integer> ports = Ports.choose(0, 0, 0, 0);
        int web = ports.get(1);
        try (EmbeddedKafka kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults())) {
            for (String topic : List.of("prompts", "completions", "dead-letters")) {
                kafka.createTopic(topic, 1, Map.of());
            }
            Map<String, String> variables = Map.of(
                    "FLINK_GPT2_KAFKA_BOOTSTRAP_SERVERS",
                    kafka.bootstrapServers(),
                    "FLINK_GPT2_CHECKPOINT_INTERVAL",
                    "1 s");
            buildah.create("jobmanager", IMAGE, with(variables, properties(ports, ports.get(2))));
            buildah.create("taskmanager", IMAGE, with(variables, properties(ports, ports.get(3))));
            Path checkpoints = buildah.root("jobmanager").resolve("checkpoints");
            try (Running jobManager = start("jobmanager", List.of(), command());
                    // As a volume that both have.
                    Running taskManager = start(
                            "taskmanager", List.of("-v", checkpoints + ":/checkpoints"), List.of("taskmanager"))) {
                answer(kafka.bootstrapServers(), jobManager, taskManager);
                assertThat(users(jobManager)).containsOnly(FLINK);
                assertThat(users(taskManager)).containsOnly(FLINK);
                assertCheckpointsAreWritten(checkpoints);
                assertThat(body(ports.get(2))).contains("flink_jobmanager_numRunningJobs");
                assertThat(body(ports.get(3))).contains("flink_taskmanager_job_task_operator", "generatedTokens");
                JsonNode jobs = new FlinkApi("http://localhost:" + web)
                        .get("/jobs/overview")
                        .path("jobs");
                assertThat(jobs).hasSize(1);
                assertThat(jobs.get(0).path("state").textValue()).isEqualTo("RUNNING");
                assertThat(taskManager.out()).doesNotContain("scalar kernels");
            } finally {
                buildah.remove("jobmanager");
                buildah.remove("taskmanager");
            }
        }
    }

    @Test
    void aMisspeltVariableStopsTheStart() throws Exception {
        List<Integer> ports = Ports.choose(0, 0, 0);
        Map<String, String> variables =
                Map.of("FLINK_GPT2_KAFKA_BOOTSTRAP_SERVER", "nowhere:1", "FLINK_GPT2_MODLE", "a");
        buildah.create("misspelt", IMAGE, with(variables, properties(ports, ports.get(2))));
        try (Running jobManager = start("misspelt", List.of(), command())) {
            Run run = jobManager.await();

            assertThat(run.exitCode()).as(run.out()).isNotZero();
            assertThat(run.out())
                    .contains("FLINK_GPT2_MODLE: found no option of that name", "did you mean FLINK_GPT2_MODEL?");
        } finally {
            buildah.remove("misspelt");
        }
    }

    private static List<String> command() throws IOException, InterruptedException {
        return texts(buildah.configuration(IMAGE).path("Cmd"));
    }

    private static Running start(String container, List<String> options, List<String> command) throws Exception {
        List<String> words = new ArrayList<>(texts(buildah.configuration(IMAGE).path("Entrypoint")));
        words.addAll(command);
        return buildah.start(container, options, words);
    }

    private static Map<String, String> with(Map<String, String> variables, String flinkProperties) {
        Map<String, String> all = new HashMap<>(variables);
        all.put("FLINK_PROPERTIES", flinkProperties);
        return all;
    }

    /** Ports of this machine, whose network the containers share, and sizes that fit a small one. */
    private static String properties(List<Integer> ports, int metrics) {
        return String.join(
                "\n",
                "jobmanager.rpc.address: localhost",
                "jobmanager.rpc.port: " + ports.get(0),
                "rest.port: " + ports.get(1),
                "blob.server.port: 0",
                "taskmanager.host: localhost",
                "metrics.reporter.prom.port: " + metrics,
                "jobmanager.memory.process.size: 1g",
                "taskmanager.memory.process.size: 1g");
    }

    private static void answer(String bootstrapServers, Running jobManager, Running taskManager) throws Exception {
        try (Topics topics = new Topics(bootstrapServers)) {
            for (String prompt : PROMPTS) {
                topics.send("prompts", request(prompt).getBytes(UTF_8));
            }
            List<String> answers = topics.read("completions", PROMPTS.size()).stream()
                    .map(value -> Run.text(Run.json(new String(value, UTF_8))))
                    .toList();
            Run reference = Command.launcher("complete", "--output", "json")
                    .input(PROMPTS.stream().map(ImageIT::request).collect(Collectors.joining("\n")))
                    .run();
            assertThat(answers)
                    .as("%s%n%s", jobManager.out(), taskManager.out())
                    .containsExactlyInAnyOrderElementsOf(
                            reference.json().stream().map(Run::text).toList());
        }
    }

    private static String request(String prompt) {
        return "{\"prompt\": \"" + prompt + "\", \"max_tokens\": 8, \"temperature\": 0}";
    }

    /** Returns the users that the JVMs of a command run as. */
    private static List<Integer> users(Running running) throws IOException {
        List<Integer> users = new ArrayList<>();
        for (ProcessHandle process : running.descendants()) {
            if (process.info().command().orElse("").endsWith("/java")) {
                users.add((Integer) Files.getAttribute(Path.of("/proc", Long.toString(process.pid())), "unix:uid"));
            }
        }
        return users;
    }

    private static void assertCheckpointsAreWritten(Path checkpoints) {
        Awaitility.await().atMost(Running.PATIENCE).untilAsserted(() -> {
            try (Stream<Path> files = Files.walk(checkpoints)) {
                assertThat(files.filter(file -> file.endsWith("_metadata"))).isNotEmpty();
            }
        });
    }

    private static String body(int port) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics"))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static List<String> texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(text -> texts.add(text.textValue()));
        return texts;
    }
}
