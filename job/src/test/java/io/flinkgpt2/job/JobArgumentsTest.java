package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobArgumentsTest {

    @TempDir
    private Path directory;

    static List<String> keys() {
        return JobOptions.ALL.stream().map(ConfigOption::key).toList();
    }

    @ParameterizedTest
    @MethodSource("keys")
    void everyOptionIsTakenByItsKeyInBothForms(String key) {
        assertThat(parse("--" + key, "v")).containsExactly(Map.entry(key, "v"));
        assertThat(parse("--" + key + "=v")).containsExactly(Map.entry(key, "v"));
        assertThat(parse("--" + key.replace('.', '-'), "v")).containsExactly(Map.entry(key, "v"));
    }

    @ParameterizedTest
    @CsvSource({
        "bootstrap.servers, kafka.bootstrap.servers",
        "group-id, kafka.group.id",
        "prompts, topics.prompts",
        "completions, topics.completions",
        "letters, topics.dead-letters",
        "dead-letters, topics.dead-letters",
        "start, source.start",
        "model, model.path",
        "path, model.path",
        "aliases, model.aliases",
        "mode, generation.mode",
        "max-context, generation.max-context",
        "truncate-prompt, generation.truncate-prompt",
        "precision, model.precision",
        "activation, model.activation",
        "chunk, prefill.chunk",
        "batch-size, batch.size",
        "max-hold, batch.max-hold",
        "kv-cache-bytes, kv-cache.bytes",
        "prefix-cache-bytes, prefix-cache.bytes",
        "interval, checkpoint.interval",
        "unknown-fields, records.unknown-fields",
        "envelope, records.envelope",
        "max-copied-bytes, records.max-copied-bytes",
        "max-bytes, dead-letters.max-bytes",
        "letters-max-bytes, dead-letters.max-bytes"
    })
    void theLastWordsOfAKeyAreEnough(String name, String key) {
        assertThat(parse("--" + name, "v")).containsExactly(Map.entry(key, "v"));
    }

    @Test
    void aNameThatSeveralKeysEndWithIsRefusedWithAllOfThem() {
        assertThatThrownBy(() -> parse("--name", "v"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("--name", "ambiguous", "job.name", "model.name");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--contex", "--text", "--max", "--kafka.", "--Model", "--=", "--options_file"})
    void anUnknownNameIsRefusedWithWhatThereIs(String name) {
        assertThatThrownBy(() -> parse(name, "v"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(name.replace("=", ""), "unknown option", "generation.max-context", "kafka.*");
    }

    @ParameterizedTest
    @CsvSource({
        "--modell, --model",
        "--max-contxt, --max-context",
        "--generation.max_context, --generation.max-context",
        "--Batch.Size, --batch.size",
        "--option-file, --options-file",
        "--kafka-prot, --kafka-port"
    })
    void aMisspeltNameIsRefusedWithTheOneThatWasMeant(String name, String meant) {
        assertThatThrownBy(() -> JobArguments.parse(List.of(name, "v"), Set.of("kafka-port")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageStartingWith(
                        name + ": found an unknown option; did you mean '" + meant + "'? Expected one of [kafka.");
    }

    @Test
    void everyNameThatIsKnownIsTaken() {
        assertThat(OptionNames.all()).contains("model", "max-context", "batch.size", "kafka.bootstrap.servers");
        for (String name : OptionNames.all()) {
            assertThat(parse("--" + name, "v")).as(name).hasSize(1);
        }
    }

    @Test
    void otherPropertiesOfTheKafkaClientsPass() {
        assertThat(parse("--kafka.security.protocol", "SSL", "--kafka.linger.ms=3"))
                .containsExactlyInAnyOrderEntriesOf(Map.of("kafka.security.protocol", "SSL", "kafka.linger.ms", "3"));
    }

    @Test
    void onlyABooleanMayStandAlone() {
        assertThat(parse("--bounded", "--model", "m")).containsEntry("source.bounded", "true");
        assertThat(parse("--model", "m", "--source.bounded")).containsEntry("source.bounded", "true");
        assertThat(parse("--allow-special-tokens", "--bounded"))
                .containsOnly(
                        Map.entry("generation.allow-special-tokens", "true"), Map.entry("source.bounded", "true"));
        assertThat(parse("--bounded", "false")).containsEntry("source.bounded", "false");
        assertThatThrownBy(() -> parse("--model"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("--model", "no value");
        assertThatThrownBy(() -> parse("--model", "--bounded"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("--model", "no value");
    }

    @Test
    void aValueMayHoldAnything() {
        assertThat(parse("--job.name=a=b", "--group.id=--x", "--model=", "--chunk", "-1"))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("job.name", "a=b", "kafka.group.id", "--x", "model.path", "", "prefill.chunk", "-1"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"model", "-model", "--", ""})
    void whatIsNoOptionIsRefused(String argument) {
        assertThatThrownBy(() -> parse("--bounded", "true", argument))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("'" + argument + "'");
    }

    @Test
    void anOptionGivenTwiceIsRefusedUnderAnyOfItsNames() {
        assertThatThrownBy(() -> parse("--model", "a", "--model.path", "b"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("--model.path", "second time");
        assertThatThrownBy(() -> parse("--kafka.linger.ms", "1", "--kafka.linger.ms", "1"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("kafka.linger.ms", "second time");
    }

    @Test
    void theCommandLineWinsOverTheFile() throws Exception {
        Path file = file("# of a team", "model.path: /models/gpt2 ", "max-context = 64", "kafka.linger.ms=5", "");

        assertThat(parse("--options-file", file.toString(), "--max-context", "32"))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of("model.path", "/models/gpt2", "generation.max-context", "32", "kafka.linger.ms", "5"));
        assertThat(parse("--max-context=32", "--options-file=" + file)).containsEntry("generation.max-context", "32");
    }

    @Test
    void aFileWithAnUnknownOptionIsRefused() throws Exception {
        Path file = file("max-contxt: 3");

        assertThatThrownBy(() -> parse("--options-file", file.toString()))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("max-contxt", "unknown");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.path: b", "model: b", "model.path: a"})
    void aFileWithAnOptionTwiceIsRefused(String second) throws Exception {
        Path file = file("model.path: a", second);

        assertThatThrownBy(() -> parse("--options-file", file.toString()))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("model", file.toString(), "second time");
    }

    @Test
    void aFileThatCannotBeReadIsNamed() throws Exception {
        Path missing = directory.resolve("none.conf");
        assertThatThrownBy(() -> parse("--options-file", missing.toString()))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("--options-file", missing.toString(), "key: value")
                .hasCauseInstanceOf(NoSuchFileException.class);

        Path malformed = file("job.name: \\u00zz");
        assertThatThrownBy(() -> parse("--options-file", malformed.toString()))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining(malformed.toString());

        Path latin = directory.resolve("latin.conf");
        Files.write(latin, new byte[] {'a', ':', (byte) 0xE9, '\n'});
        assertThatThrownBy(() -> parse("--options-file", latin.toString()))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(latin.toString(), "UTF-8");
    }

    @Test
    void thereIsOneFile() throws Exception {
        Path file = file("model: a");

        assertThatThrownBy(() -> parse("--options-file", file.toString(), "--options-file", file.toString()))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("--options-file", "second time");
    }

    @Test
    void helpListsEveryOptionWithItsDefaultAndWhatItIs() {
        String help = JobArguments.help();

        assertThat(help).contains("--options-file", "--kafka.NAME", "(default: 10 s)", "(default: none)");
        assertThat(help.lines()).allSatisfy(line -> assertThat(line).hasSizeLessThan(120));
        for (ConfigOption<?> option : JobOptions.ALL) {
            assertThat(help.lines()).anyMatch(line -> line.matches("  --" + option.key() + "( .*)?"));
        }
        assertThat(help).contains("--generation.max-context\n      The most tokens of prompt");
        assertThat(help)
                .contains(
                        "--source.start (default: committed)",
                        "--model.precision (default: f32)",
                        "--generation.truncate-prompt (default: error)",
                        "--generation.allow-special-tokens (default: false)");
        assertThat(help).doesNotContain("&lt;", "TextElement", "Optional[");
    }

    private Path file(String... lines) throws Exception {
        return Files.write(directory.resolve("job.conf"), List.of(lines));
    }

    private static Map<String, String> parse(String... args) {
        return JobArguments.parse(List.of(args)).toMap();
    }
}
