package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.runtime.util.EnvironmentInformation;
import org.apache.kafka.common.utils.AppInfoParser;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** Checks of {@code docker-compose.yml} that need no Docker. */
class ComposeFileTest {

    private Map<String, Map<String, Object>> services;

    @BeforeEach
    void read() throws Exception {
        try (InputStream in = Files.newInputStream(Path.of("../docker-compose.yml"))) {
            Map<String, Map<String, Map<String, Object>>> file = new Yaml().load(in);
            services = file.get("services");
        }
    }

    @Test
    void imagesAreOfTheVersionsThatTheJobIsBuiltWith() {
        services.forEach((name, service) -> assertThat(service.get("image"))
                .as(name)
                .isIn(
                        "apache/kafka:" + AppInfoParser.getVersion(),
                        "flink:" + EnvironmentInformation.getVersion() + "-java17"));
    }

    @Test
    void everyServiceSaysWhetherItIsRestartedAndWhatStaysIsChecked() {
        services.forEach((name, service) -> assertThat(service).as(name).containsKey("restart"));
        for (String name : List.of("kafka", "jobmanager", "taskmanager")) {
            assertThat(services.get(name)).as(name).containsKey("healthcheck");
        }
        assertThat(services.get("kafka")).containsEntry("restart", "unless-stopped");
        assertThat(services.get("taskmanager")).containsEntry("restart", "unless-stopped");
        // Another one would start the job without its state.
        assertThat(services.get("jobmanager")).containsEntry("restart", "no");
    }

    @Test
    void nothingStartsBeforeWhatItNeedsIsReady() {
        assertThat(conditions("topics")).isEqualTo(Map.of("kafka", "service_healthy"));
        assertThat(conditions("taskmanager")).isEqualTo(Map.of("jobmanager", "service_healthy"));
        assertThat(conditions("jobmanager"))
                .isEqualTo(Map.of(
                        "topics", "service_completed_successfully",
                        "checkpoint-directory", "service_completed_successfully"));
    }

    @SuppressWarnings("unchecked")
    private Map<String, String> conditions(String service) {
        Map<String, Map<String, String>> needed =
                (Map<String, Map<String, String>>) services.get(service).get("depends_on");
        Map<String, String> conditions = new java.util.HashMap<>();
        needed.forEach((name, how) -> conditions.put(name, how.get("condition")));
        return conditions;
    }

    @Test
    void theCheckpointDirectoryIsGivenToTheUserOfTheImageFirst() {
        Map<String, Object> first = services.get("checkpoint-directory");
        assertThat(first)
                .containsEntry("user", "root")
                .containsEntry("entrypoint", List.of("chown", "flink:flink", "/checkpoints"))
                .containsEntry("volumes", List.of("checkpoints:/checkpoints"));
        for (String name : List.of("jobmanager", "taskmanager")) {
            assertThat((List<?>) services.get(name).get("volumes")).asList().contains("checkpoints:/checkpoints");
            assertThat(properties(name)).containsEntry("execution.checkpointing.dir", "file:///checkpoints");
        }
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
        List<?> command = (List<?>) services.get("jobmanager").get("command");
        assertThat(command).asList().startsWith("standalone-job", "--job-classname", CompletionJob.class.getName());
        List<String> options =
                command.subList(3, command.size()).stream().map(String::valueOf).toList();

        JobSettings settings = JobSettings.from(JobArguments.parse(options));

        assertThat(settings.kafka().bootstrapServers()).isEqualTo("kafka:19092");
        String topics = services.get("topics").get("command").toString();
        assertThat(topics)
                .contains(
                        settings.kafka().promptsTopic(),
                        settings.kafka().completionsTopic(),
                        settings.kafka().deadLettersTopic());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jobmanager", "taskmanager"})
    void flinkKnowsItsSettings(String service) throws IllegalAccessException {
        Set<String> known = new HashSet<>();
        for (Class<?> options : List.of(
                JobManagerOptions.class,
                CoreOptions.class,
                TaskManagerOptions.class,
                CheckpointingOptions.class,
                WebOptions.class)) {
            for (Field field : options.getFields()) {
                if (field.get(null) instanceof ConfigOption<?> option) {
                    known.add(option.key());
                }
            }
        }
        assertThat(known).containsAll(properties(service).keySet());
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> properties(String service) {
        Map<String, String> environment =
                (Map<String, String>) services.get(service).get("environment");
        return new Yaml().load(environment.get("FLINK_PROPERTIES"));
    }
}
