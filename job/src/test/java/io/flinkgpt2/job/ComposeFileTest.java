package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.record.SystemFingerprint;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.kafka.common.utils.AppInfoParser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** Checks of {@code docker-compose.yml} that need no Docker. */
class ComposeFileTest {

    private static final Path ROOT = Path.of("..");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Z0-9_]+):-([^}]*)}");

    private Map<String, Map<String, Object>> services;
    private Map<String, ?> namedVolumes;

    @BeforeEach
    void read() throws IOException {
        try (InputStream in = Files.newInputStream(ROOT.resolve("docker-compose.yml"))) {
            Map<String, Map<String, Map<String, Object>>> file = new Yaml().load(in);
            services = file.get("services");
            namedVolumes = file.get("volumes");
        }
    }

    @Test
    void imagesArePinnedAndOfTheVersionsThatTheJobIsBuiltWith() {
        Map<String, String> images = new HashMap<>();
        services.forEach(
                (name, service) -> images.put(name, service.get("image").toString()));

        assertThat(images).hasSize(6);
        assertThat(images.get("kafka")).isEqualTo("apache/kafka:" + AppInfoParser.getVersion());
        assertThat(images.get("topics")).isEqualTo(images.get("kafka"));
        assertThat(images.get("jobmanager")).isEqualTo("flink-gpt2:" + SystemFingerprint.version());
        assertThat(images.get("taskmanager")).isEqualTo(images.get("jobmanager"));
        assertThat(images.get("prometheus")).matches("prom/prometheus:v\\d+\\.\\d+\\.\\d+");
        assertThat(images.get("grafana")).matches("grafana/grafana:\\d+\\.\\d+\\.\\d+");
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobmanager", "taskmanager"})
    void theJobsImageIsBuiltOnFlinkOfTheVersionThatTheJobIsBuiltWith(String service) {
        Map<String, Object> build = map(services.get(service).get("build"));

        assertThat(build)
                .containsOnly(
                        Map.entry("context", "."),
                        Map.entry("dockerfile", "deploy/docker/Dockerfile"),
                        Map.entry(
                                "args",
                                Map.of("FLINK_IMAGE", "flink:" + EnvironmentInformation.getVersion() + "-java17")));
        assertThat(ROOT.resolve(build.get("dockerfile").toString())).isRegularFile();
    }

    @Test
    void everyServiceSaysWhetherItIsRestartedAndWhatStaysIsChecked() {
        services.forEach((name, service) -> assertThat(service).as(name).containsKey("restart"));
        for (String name : List.of("kafka", "jobmanager", "taskmanager", "prometheus", "grafana")) {
            assertThat(services.get(name)).as(name).containsKey("healthcheck");
        }
        for (String name : List.of("kafka", "taskmanager", "prometheus", "grafana")) {
            assertThat(services.get(name)).as(name).containsEntry("restart", "unless-stopped");
        }
        // Another one would start the job without its state.
        assertThat(services.get("jobmanager")).containsEntry("restart", "no");
    }

    @Test
    void nothingStartsBeforeWhatItNeedsIsReady() {
        assertThat(conditions("topics")).isEqualTo(Map.of("kafka", "service_healthy"));
        assertThat(conditions("jobmanager")).isEqualTo(Map.of("topics", "service_completed_successfully"));
        assertThat(conditions("taskmanager")).isEqualTo(Map.of("jobmanager", "service_healthy"));
        assertThat(conditions("grafana")).isEqualTo(Map.of("prometheus", "service_healthy"));
    }

    private Map<String, String> conditions(String service) {
        Map<String, String> conditions = new HashMap<>();
        map(services.get(service).get("depends_on"))
                .forEach((name, how) ->
                        conditions.put(name, map(how).get("condition").toString()));
        return conditions;
    }

    /** The image has these directories, so that a new volume takes their owner, which is not root. */
    @ParameterizedTest
    @ValueSource(strings = {"jobmanager", "taskmanager"})
    void volumesLieWhereTheImageHasDirectoriesOfFlink(String service) throws IOException {
        String dockerfile = Files.readString(ROOT.resolve("deploy/docker/Dockerfile"));

        assertThat(mounts(service)).containsKeys("checkpoints", "models");
        for (String volume : List.of("checkpoints", "models")) {
            assertThat(dockerfile)
                    .containsPattern("chown flink:flink [^&]*" + mounts(service).get(volume));
        }
        assertThat(ImageFilesTest.settings().get("execution.checkpointing.dir"))
                .isEqualTo("file://" + mounts(service).get("checkpoints"));
    }

    @Test
    void everyVolumeIsDeclaredAndEveryFileIsThere() {
        Set<String> used = new HashSet<>();
        for (String service : services.keySet()) {
            for (String source : mounts(service).keySet()) {
                if (source.startsWith("./")) {
                    assertThat(ROOT.resolve(source)).as(service).exists();
                } else {
                    used.add(source);
                }
            }
        }
        assertThat(used).isEqualTo(namedVolumes.keySet());
    }

    @Test
    void prometheusReadsTheMetricsOfTheImage() throws IOException {
        Map<String, String> mounts = mounts("prometheus");
        Path directory = ROOT.resolve("deploy/monitoring/prometheus");
        assertThat(mounts)
                .containsEntry("./deploy/monitoring/prometheus/prometheus.yml", "/etc/prometheus/prometheus.yml");
        Map<String, Object> file = new Yaml().load(Files.readString(directory.resolve("prometheus.yml")));

        for (Object rules : (List<?>) file.get("rule_files")) {
            assertThat(mounts).containsEntry("./deploy/monitoring/prometheus/" + rules, "/etc/prometheus/" + rules);
        }
        String scraped = file.get("scrape_configs").toString();
        assertThat(scraped).contains("jobmanager:9249", "names=[taskmanager]", "port=9249");
        FlinkOptionsKnown.checkPrometheus(ImageFilesTest.settings(), 9249);
    }

    @Test
    void grafanaFindsPrometheusAndTheDashboards() throws IOException {
        Map<String, String> mounts = mounts("grafana");
        Path provisioning = ROOT.resolve("deploy/monitoring/grafana/provisioning");
        assertThat(mounts).containsEntry("./deploy/monitoring/grafana/provisioning", "/etc/grafana/provisioning");
        Map<String, List<Map<String, Object>>> providers =
                new Yaml().load(Files.readString(provisioning.resolve("dashboards/flink-gpt2.yml")));
        Map<String, List<Map<String, Object>>> sources =
                new Yaml().load(Files.readString(provisioning.resolve("datasources/prometheus.yml")));

        assertThat(mounts)
                .containsEntry(
                        "./deploy/monitoring/grafana/dashboards",
                        map(providers.get("providers").get(0).get("options"))
                                .get("path")
                                .toString());
        assertThat(sources.get("datasources").get(0)).containsEntry("url", "http://prometheus:9090");
        assertThat(services).containsKey("prometheus");
    }

    @Test
    void portsAreForThisMachineOnly() {
        services.forEach((name, service) -> {
            if (service.get("ports") instanceof List<?> ports) {
                assertThat(ports).as(name).allMatch(port -> port.toString().startsWith("127.0.0.1:"));
            }
        });
    }

    @Test
    void theJobTakesItsOptions() {
        assertThat(services.get("jobmanager")).as("command of the image").doesNotContainKey("command");
        assertThat(services.get("taskmanager")).containsEntry("command", "taskmanager");
        Map<String, String> environment = environment("jobmanager");

        JobSettings settings = JobSettings.from(JobArguments.parse(List.of(), environment));

        assertThat(settings.kafka().bootstrapServers()).isEqualTo("kafka:19092");
        assertThat(services.get("kafka").get("environment").toString()).contains("PLAINTEXT://kafka:19092");
        String topics = services.get("topics").get("command").toString();
        assertThat(topics)
                .contains(
                        settings.kafka().promptsTopic(),
                        settings.kafka().completionsTopic(),
                        settings.kafka().deadLettersTopic());
    }

    /** One variable names the model, of the JobManager and of all TaskManagers, and the bundled one unless it is set. */
    @Test
    void oneVariableNamesTheModel() {
        for (String service : List.of("jobmanager", "taskmanager")) {
            assertThat(map(services.get(service).get("environment")))
                    .containsEntry("FLINK_GPT2_MODEL", "${FLINK_GPT2_MODEL:-/opt/flink-gpt2/models/fairytales}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobmanager", "taskmanager"})
    void flinkKnowsItsSettings(String service) {
        Map<String, Object> settings = new Yaml().load(environment(service).get("FLINK_PROPERTIES"));

        FlinkOptionsKnown.check(settings);
        assertThat(settings).containsEntry("jobmanager.rpc.address", "jobmanager");
        assertThat(services).containsKey("jobmanager");
        // The entrypoint of Flink's image takes each line apart at the colon.
        assertThat(environment(service).get("FLINK_PROPERTIES").lines())
                .allMatch(line -> line.matches("[\\w.-]+: \\S.*"));
    }

    /** Variables of a container where those of the user are not set. */
    private Map<String, String> environment(String service) {
        Map<String, String> environment = new HashMap<>();
        map(services.get(service).get("environment"))
                .forEach((name, value) -> environment.put(name, withDefaults(value.toString())));
        return environment;
    }

    private static String withDefaults(String text) {
        String replaced = VARIABLE.matcher(text).replaceAll("$2");
        assertThat(replaced).doesNotContain("${");
        return replaced;
    }

    /** Where each volume, file or directory of this machine lies in the containers of a service. */
    private Map<String, String> mounts(String service) {
        Map<String, String> mounts = new HashMap<>();
        List<?> volumes = (List<?>) services.get(service).getOrDefault("volumes", List.of());
        for (Object volume : volumes) {
            if (volume instanceof Map<?, ?> bind) {
                mounts.put(
                        withDefaults(bind.get("source").toString()),
                        bind.get("target").toString());
            } else {
                String[] parts = volume.toString().split(":");
                mounts.put(parts[0], parts[1]);
            }
        }
        return mounts;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
