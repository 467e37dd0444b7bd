package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.config.provider.FileConfigProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionConflictsTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "--prompts=a --completions=a | topics.prompts and topics.completions | 'a' for both",
                "--prompts=a --dead-letters=a | topics.prompts and topics.dead-letters | 'a' for both",
                "--completions=a --dead-letters=a | topics.completions and topics.dead-letters | 'a' for both",
                "--prompts=dead-letters | topics.prompts and topics.dead-letters | 'dead-letters' for both",
                "--source.bounded --source.start=latest | source.bounded and source.start | read nothing",
                "--kv-cache.bytes=1mb --prefix-cache.bytes=2mb | prefix-cache.bytes and kv-cache.bytes | a part of it",
                "--kafka.retries=0 | kafka.*: found [retries] | retries to non-zero",
                "--kafka.max.in.flight.requests.per.connection=6 | [max.in.flight.requests.per.connection] | at most 5",
                "--kafka.delivery.timeout.ms=1000 | [delivery.timeout.ms] | request.timeout.ms",
                "--kafka.transaction.timeout.ms=15min | [transaction.timeout.ms] | 15min",
                "--kafka.max.poll.records=0 | [max.poll.records] | max.poll.records",
                "--kafka.security.protocol=TLS | [security.protocol] | TLS"
            })
    void whatCannotBeMeantTogetherIsRefusedWithBothNames(String options, String names, String reason) {
        assertThatThrownBy(() -> settings(options.split(" ")))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(names, reason, "found", "expected");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--prompts=completions --completions=prompts",
                "--source.bounded --source.start=earliest",
                "--source.start=latest",
                "--kv-cache.bytes=2mb --prefix-cache.bytes=2mb",
                "--prefix-cache.bytes=2gb",
                "--mode=map --ordering=key --batch.size=1 --kv-cache.bytes=1gb",
                "--max-context=16 --prefill.chunk=128",
                "--kafka.retries=1 --kafka.partition.discovery.interval.ms=-1",
                "--kafka.max.request.size=2000000 --dead-letters.max-bytes=3000000"
            })
    void whatMerelyHasNoEffectIsTaken(String options) {
        assertThat(settings(options.split(" "))).isNotNull();
    }

    @Test
    void aSecretInAFileStaysAReference(@TempDir Path directory) throws IOException {
        Path secrets = Files.writeString(directory.resolve("kafka.properties"), "password=secret\n");
        String reference = "${file:" + secrets + ":password}";

        JobSettings settings = settings(withProvider("file", "--kafka.ssl.key.password=" + reference));

        assertThat(settings.kafka().clientProperties()).containsEntry("ssl.key.password", reference);
        assertThat(settings.toString()).contains("ssl.key.password").doesNotContain("${", "secret\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "file | --kafka.ssl.key.password=${file:DIR/a.properties:other} | kafka.ssl.key.password | finds nothing",
                "none | --kafka.ssl.key.password=${file:DIR/a.properties:password} | kafka.ssl.key.password | finds nothing",
                "file | --kafka.ssl.key.password=${file:DIR/b.properties:password} | kafka.* | b.properties",
                "file | --kafka.buffer.memory=${file:DIR/a.properties:password} | kafka.buffer.memory | a number"
            })
    void aReferenceThatFindsNothingIsRefused(
            String provider, String option, String name, String reason, @TempDir Path directory) throws IOException {
        Files.writeString(directory.resolve("a.properties"), "password=secret\n");

        assertThatThrownBy(() -> settings(withProvider(provider, option.replace("DIR", directory.toString()))))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(name, reason, "expected")
                .hasMessageNotContaining("secret");
    }

    private static String[] withProvider(String provider, String option) {
        return provider.equals("none")
                ? new String[] {option}
                : new String[] {
                    "--kafka.config.providers=file",
                    "--kafka.config.providers.file.class=" + FileConfigProvider.class.getName(),
                    option
                };
    }

    private static JobSettings settings(String... further) {
        List<String> arguments = new ArrayList<>(List.of("--kafka.bootstrap.servers=broker:9092", "--model=m"));
        arguments.addAll(Arrays.asList(further));
        return JobSettings.from(JobArguments.parse(arguments));
    }
}
