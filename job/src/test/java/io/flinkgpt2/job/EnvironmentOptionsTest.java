package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnvironmentOptionsTest {

    private static final Path ROOT = Path.of("..");

    @TempDir
    private Path directory;

    static List<String> keys() {
        return JobOptions.ALL.stream().map(ConfigOption::key).toList();
    }

    @ParameterizedTest
    @MethodSource("keys")
    void everyOptionHasAVariable(String key) {
        String variable = variable(key);

        assertThat(read(variable, "v")).containsExactly(Map.entry(key, "v"));
        assertThat(variable).doesNotMatch(EnvironmentOptions.SERVICE_LINK);
        assertThat(EnvironmentOptions.OF_OTHERS).doesNotContain(variable);
    }

    @ParameterizedTest
    @CsvSource({
        "FLINK_GPT2_MODEL, model.path",
        "FLINK_GPT2_BOOTSTRAP_SERVERS, kafka.bootstrap.servers",
        "FLINK_GPT2_MAX_CONTEXT, generation.max-context",
        "FLINK_GPT2_DEAD_LETTERS, topics.dead-letters",
        "FLINK_GPT2_KAFKA_SECURITY_PROTOCOL, kafka.security.protocol",
        "FLINK_GPT2_KAFKA_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS, kafka.config.providers.file.param.allowed.paths",
        "FLINK_GPT2_REQUEST_MAX_TOKENS, request.max_tokens",
        "FLINK_GPT2_OPTIONS_FILE, options-file",
    })
    void shorterNamesPropertiesAndFieldsAreTakenToo(String variable, String key) {
        assertThat(read(variable, "v")).containsExactly(Map.entry(key, "v"));
    }

    @Test
    void theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
        Path file = Files.writeString(
                directory.resolve("job.conf"), "batch.size: 1\nprefill.chunk: 1\nkafka.linger.ms: 1\n");
        Map<String, String> environment = Map.of(
                "FLINK_GPT2_OPTIONS_FILE", file.toString(),
                "FLINK_GPT2_BATCH_SIZE", " 2 ",
                "FLINK_GPT2_PREFILL_CHUNK", "2",
                "PATH", "/bin");

        assertThat(JobArguments.parse(List.of("--chunk", "3"), environment).toMap())
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("batch.size", "2", "prefill.chunk", "3", "kafka.linger.ms", "1"));
    }

    @Test
    void aFileOfTheCommandLineWinsOverThatOfTheEnvironment() throws IOException {
        Path file = Files.writeString(directory.resolve("job.conf"), "batch.size: 1\n");

        assertThat(JobArguments.parse(
                                List.of("--options-file", file.toString()),
                                Map.of("FLINK_GPT2_OPTIONS_FILE", "/not/there"))
                        .toMap())
                .containsExactly(Map.entry("batch.size", "1"));
    }

    @Test
    void aVariableWithoutAValueCountsAsNotSet() {
        assertThat(read("FLINK_GPT2_BATCH_SIZE", "")).isEmpty();
        assertThat(read("FLINK_GPT2_BATCH_SIZE", " ")).isEmpty();
    }

    @Test
    void valuesAreCheckedLikeThoseOfTheCommandLine() {
        Map<String, String> environment = Map.of(
                "FLINK_GPT2_MODEL", "/models/gpt2",
                "FLINK_GPT2_KAFKA_BOOTSTRAP_SERVERS", "kafka:9092",
                "FLINK_GPT2_BATCH_SIZE", "many");

        assertThatThrownBy(() -> JobSettings.from(JobArguments.parse(List.of(), environment)))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("batch.size", "'many'", "a whole number");
    }

    @ParameterizedTest
    @CsvSource({
        "FLINK_GPT2_MODLE, FLINK_GPT2_MODEL",
        "FLINK_GPT2_MAX_CONTXT, FLINK_GPT2_MAX_CONTEXT",
        "FLINK_GPT2_BATCHSIZE, FLINK_GPT2_BATCH_SIZE",
        "FLINK_GPT2_OFLINE, FLINK_GPT2_OFFLINE",
        "FLINK_GPT2_GENERATION_MODES, FLINK_GPT2_GENERATION_MODE",
    })
    void aMisspeltNameIsRefusedWithTheNearestOne(String variable, String meant) {
        assertThatThrownBy(() -> read(variable, "v"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageStartingWith(variable + ": found no option of that name")
                .hasMessageContaining("did you mean " + meant + "?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"FLINK_GPT2_", "FLINK_GPT2_SOMETHING_ELSE", "FLINK_GPT2_KAFKA_", "FLINK_GPT2_REQUEST_"})
    void aNameThatIsNearNoneIsRefusedToo(String variable) {
        assertThatThrownBy(() -> read(variable, "v"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(variable + ": found", "such as FLINK_GPT2_BATCH_SIZE", "unset it");
    }

    @Test
    void anAmbiguousNameIsRefusedByItsOwnName() {
        assertThatThrownBy(() -> read("FLINK_GPT2_NAME", "v"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("FLINK_GPT2_NAME", "ambiguous", "job.name", "model.name");
    }

    @Test
    void twoVariablesOfOneOptionAreRefused() {
        assertThatThrownBy(() -> EnvironmentOptions.read(Map.of("FLINK_GPT2_MODEL", "a", "FLINK_GPT2_MODEL_PATH", "b")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("FLINK_GPT2_MODEL_PATH", "model.path", "FLINK_GPT2_MODEL gives too");
    }

    /** Names that Kubernetes makes, see https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "FLINK_GPT2_SERVICE_HOST",
                "FLINK_GPT2_SERVICE_PORT",
                "FLINK_GPT2_SERVICE_PORT_JOBMANAGER_RPC",
                "FLINK_GPT2_PORT",
                "FLINK_GPT2_PORT_6123_TCP",
                "FLINK_GPT2_PORT_6123_TCP_PROTO",
                "FLINK_GPT2_PORT_6123_TCP_PORT",
                "FLINK_GPT2_PORT_6123_TCP_ADDR",
                "FLINK_GPT2_REST_SERVICE_HOST",
                "FLINK_GPT2_REST_SERVICE_PORT_REST",
                "FLINK_GPT2_REST_PORT_8081_TCP_ADDR",
                "FLINK_GPT2_KAFKA_SERVICE_HOST"
            })
    void theServiceLinksOfKubernetesAreNoOptions(String variable) {
        assertThat(read(variable, "10.0.0.1")).isEmpty();
    }

    /** A name that something here reads, and that is neither an option nor listed, would be refused by the job. */
    @Test
    void everyVariableThatTheProjectReadsIsKnown() throws IOException {
        Set<String> found = new LinkedHashSet<>();
        Matcher launcher = Pattern.compile("\\$\\{(FLINK_GPT2_[A-Z0-9_]+)")
                .matcher(Files.readString(ROOT.resolve("deploy/bin/flink-gpt2")));
        launcher.results().forEach(result -> found.add(result.group(1)));
        Pattern read = Pattern.compile("\"(FLINK_GPT2_[A-Z0-9_]+)\"");
        for (String module : List.of("model-core", "deploy/cli", "deploy/local")) {
            try (Stream<Path> files = Files.walk(ROOT.resolve(module).resolve("src/main/java"))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    read.matcher(Files.readString(file)).results().forEach(result -> found.add(result.group(1)));
                }
            }
        }
        assertThat(found).contains("FLINK_GPT2_JAVA_OPTS", "FLINK_GPT2_HOME", "FLINK_GPT2_STACKTRACE");
        assertThat(EnvironmentOptions.OF_OTHERS).containsAll(found);
    }

    private static String variable(String key) {
        return "FLINK_GPT2_" + key.replaceAll("[.-]", "_").toUpperCase(Locale.ROOT);
    }

    private static Map<String, String> read(String variable, String value) {
        return EnvironmentOptions.read(Map.of(variable, value));
    }
}
