package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.provider.ConfigProvider;
import org.junit.jupiter.api.Test;

/** What {@code docs/security.md} and {@code SECURITY.md} name exists. */
class SecurityGuideTest {

    @Test
    void everyPropertyIsOneThatEachKafkaClientKnows() throws Exception {
        SecurityGuide guide = SecurityGuide.read();
        for (Map<String, String> options : List.of(guide.scramOptions(), guide.tlsOptions())) {
            Set<String> properties = options.keySet().stream()
                    .map(option -> option.substring(JobOptions.KAFKA_PREFIX.length()))
                    .filter(property -> !property.startsWith(AbstractConfig.CONFIG_PROVIDERS_CONFIG))
                    .collect(Collectors.toSet());

            assertThat(properties).hasSizeGreaterThan(4);
            assertThat(ProducerConfig.configNames()).containsAll(properties);
            assertThat(ConsumerConfig.configNames()).containsAll(properties);
            assertThat(AdminClientConfig.configNames()).containsAll(properties);
        }
    }

    @Test
    void everyProviderIsOneOfKafkasAndTakesItsParameters() throws Exception {
        SecurityGuide guide = SecurityGuide.read();
        for (Map<String, String> options : List.of(guide.scramOptions(), guide.tlsOptions())) {
            String prefix = JobOptions.KAFKA_PREFIX + AbstractConfig.CONFIG_PROVIDERS_CONFIG;
            String alias = options.get(prefix);
            Map<String, String> parameters = new HashMap<>();
            options.forEach((name, value) -> {
                if (name.startsWith(prefix + "." + alias + ".param.")) {
                    parameters.put(name.substring((prefix + "." + alias + ".param.").length()), value);
                }
            });

            Class<?> type = Class.forName(options.get(prefix + "." + alias + ".class"));

            assertThat(ConfigProvider.class).isAssignableFrom(type);
            assertThat(type.getField("ALLOWED_PATHS_CONFIG").get(null)).isIn(parameters.keySet());
            assertThat(options.toString()).contains("${" + alias + ":" + SecurityGuide.DIRECTORY + "/");
        }
        assertThat(guide.text()).contains("-D" + AbstractConfig.AUTOMATIC_CONFIG_PROVIDERS_PROPERTY + "=");
    }

    @Test
    void everyRefusalIsOneThatTheJobMakes() throws Exception {
        Path sources = Path.of("src/main/java/io/flinkgpt2/job/kafka");
        String code = (Files.readString(sources.resolve("ConnectionFailures.java"))
                        + Files.readString(sources.resolve("Permissions.java")))
                .replaceAll("\"\\s*\\+ \"", "");
        List<String> refusals = Pattern.compile("(?m)^\\| `(found [^`]*?)( …)?` \\|")
                .matcher(SecurityGuide.read().text())
                .results()
                .map(row -> row.group(1))
                .toList();

        assertThat(refusals)
                .hasSizeGreaterThan(8)
                .allSatisfy(refusal -> assertThat(code).contains(refusal));
        // And the other way round.
        assertThat(Pattern.compile("\"found [^\"(]*[^\"( ]")
                        .matcher(code)
                        .results()
                        .map(found -> found.group().substring(1))
                        .filter(found -> refusals.stream()
                                .noneMatch(refusal -> found.startsWith(refusal) || refusal.startsWith(found))))
                .containsExactly("found properties of the client that cannot be used");
    }

    @Test
    void everySettingOfFlinkExists() throws Exception {
        Set<String> known = new HashSet<>();
        for (Class<?> options : List.of(SecurityOptions.class, WebOptions.class)) {
            for (Field field : options.getFields()) {
                if (field.get(null) instanceof ConfigOption<?> option) {
                    known.add(option.key());
                }
            }
        }
        List<String> named = Stream.of(Path.of("..", "SECURITY.md"), SecurityGuide.FILE)
                .flatMap(SecurityGuideTest::settingsOfFlink)
                .toList();

        assertThat(named).hasSizeGreaterThan(3);
        assertThat(known).containsAll(named);
    }

    private static Stream<String> settingsOfFlink(Path file) {
        try {
            return Pattern.compile("`((?:security|web)\\.[a-z.-]+)(?:: \\w+)?`")
                    .matcher(Files.readString(file))
                    .results()
                    .map(setting -> setting.group(1))
                    .filter(setting -> !setting.equals("security.protocol"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
