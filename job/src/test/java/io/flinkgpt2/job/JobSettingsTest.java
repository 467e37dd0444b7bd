package io.flinkgpt2.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.job.JobOptions.GenerationMode;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ModelSettings;
import io.flinkgpt2.job.kafka.KafkaSettings;
import io.flinkgpt2.job.kafka.sink.LostTransactions;
import io.flinkgpt2.job.kafka.source.SourceStart;
import io.flinkgpt2.job.operator.BatchSettings;
import io.flinkgpt2.job.operator.Ordering;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobSettingsTest {

    @Test
    void everyOptionHasItsDefault() {
        assertThat(settings())
                .isEqualTo(new JobSettings(
                        "flink-gpt2",
                        new KafkaSettings(
                                "flink-gpt2",
                                "broker:9092",
                                "flink-gpt2",
                                "prompts",
                                "completions",
                                "dead-letters",
                                SourceStart.COMMITTED,
                                false,
                                900_000,
                                LostTransactions.FAIL,
                                Map.of()),
                        null,
                        new GenerationSettings(
                                "flink-gpt2",
                                new ModelSettings("/models/gpt2", List.of("gpt2"), Precision.F32, null),
                                null,
                                128,
                                new RequestDefaults(PromptTruncation.ERROR, false, Map.of()),
                                UnknownFields.REJECT,
                                RecordEnvelope.AS_SENT,
                                new AnswerLimits(262_144, Integer.MAX_VALUE)),
                        GenerationMode.BATCH,
                        Ordering.NONE,
                        new BatchSettings(32, Duration.ofSeconds(1), null, null),
                        null));
    }

    @Test
    void rule1_3_theContextIsTheModelsUnlessTold() {
        Gpt2Config config = Gpt2Config.published(12, 12, 768);
        assertThat(settings().generation().maxContext(config)).isEqualTo(1024);
        assertThat(settings("--max-context=128").generation().maxContext(config))
                .isEqualTo(128);
    }

    @Test
    void everyOptionIsTakenOver() {
        JobSettings settings = settings(
                "--job.name=nightly",
                "--kafka.group.id=readers",
                "--topics.prompts=in",
                "--topics.completions=out",
                "--topics.dead-letters=bad",
                "--source.start=EARLIEST",
                "--source.bounded=true",
                "--model.name=small",
                "--model.aliases=gpt2;gpt-2",
                "--model.precision=int8",
                "--model.activation=gelu_pytorch_tanh",
                "--generation.mode=Map",
                "--generation.truncate-prompt=left",
                "--generation.allow-special-tokens",
                "--generation.max-context=64",
                "--prefill.chunk=16",
                "--batch.size=8",
                "--batch.max-hold=50 ms",
                "--kv-cache.bytes=64mb",
                "--prefix-cache.bytes=0",
                "--checkpoint.interval=500 ms",
                "--lost-transactions=continue",
                "--records.unknown-fields=ignore",
                "--envelope=always",
                "--records.max-copied-bytes=2048",
                "--dead-letters.max-bytes=0",
                "--ordering=key",
                "--kafka.security.protocol=SSL");

        assertThat(settings)
                .isEqualTo(new JobSettings(
                        "nightly",
                        new KafkaSettings(
                                "nightly",
                                "broker:9092",
                                "readers",
                                "in",
                                "out",
                                "bad",
                                SourceStart.EARLIEST,
                                true,
                                0,
                                LostTransactions.CONTINUE,
                                Map.of("security.protocol", "SSL")),
                        null,
                        new GenerationSettings(
                                "nightly",
                                new ModelSettings(
                                        "/models/gpt2",
                                        List.of("small", "gpt2", "gpt-2"),
                                        Precision.INT8,
                                        Activation.GELU_TANH),
                                64,
                                16,
                                new RequestDefaults(PromptTruncation.LEFT, true, Map.of()),
                                UnknownFields.IGNORE,
                                RecordEnvelope.ALWAYS,
                                new AnswerLimits(2048, Integer.MAX_VALUE)),
                        GenerationMode.MAP,
                        Ordering.KEY,
                        new BatchSettings(8, Duration.ofMillis(50), 64L << 20, 0L),
                        Duration.ofMillis(500)));
    }

    @Test
    void theGroupIsNamedAfterTheJobAndTheModelAfterItsDirectory() {
        JobSettings settings = settings("--job.name=nightly", "--model=/models/./distil/");

        assertThat(settings.kafka().groupId()).isEqualTo("nightly");
        assertThat(settings.generation().model().names()).containsExactly("distil");
        assertThat(settings("--model.aliases=gpt2;gpt2").generation().model().names())
                .containsExactly("gpt2");
    }

    @Test
    void aStarIsAnAliasForEveryNameButNotAName() {
        assertThat(settings("--model=/models/distil", "--model.aliases=*")
                        .generation()
                        .model()
                        .names())
                .containsExactly("distil", "*");
        assertThatThrownBy(() -> settings("--model.name=*"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessage("model.name: found '*', expected a name; set model.aliases = * to accept every name");
    }

    @Test
    void aModelOfTheHubMayBeCalledByItsNameWithAndWithoutOwnerAndRevision() {
        assertThat(settings("--model=gpt2").generation().model().names())
                .containsExactly("gpt2", "openai-community/gpt2", "gpt2@main", "openai-community/gpt2@main");
        ModelSettings tiny = settings("--model=someone/tiny@v2", "--model.aliases=toy")
                .generation()
                .model();
        assertThat(tiny.name()).isEqualTo("tiny");
        assertThat(tiny.path()).isEqualTo("someone/tiny@v2");
        assertThat(tiny.names()).containsExactly("tiny", "someone/tiny", "tiny@v2", "someone/tiny@v2", "toy");
        assertThat(settings("--model=gpt2", "--model.name=small")
                        .generation()
                        .model()
                        .names())
                .containsExactly("small");
    }

    @ParameterizedTest
    @CsvSource({"gelu, GELU", "gelu_new, GELU_TANH", "gelu_pytorch_tanh, GELU_TANH", "relu, RELU"})
    void theActivationHasTheNamesOfConfigs(String name, Activation activation) {
        assertThat(settings("--activation=" + name).generation().model().activation())
                .isEqualTo(activation);
    }

    @ParameterizedTest
    @CsvSource({"f32, F32", "bf16, BF16", "int8, INT8", "BF16, BF16"})
    void thePrecisionIsNamedInAnyCase(String name, Precision precision) {
        assertThat(settings("--precision=" + name).generation().model().precision())
                .isEqualTo(precision);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "generation.max-context | 0 | 1 or more",
                "generation.max-context | -1 | 1 or more",
                "generation.max-context | many | a whole number",
                "generation.max-context | 12.5 | a whole number",
                "generation.max-context | 99999999999 | a whole number",
                "prefill.chunk | 0 | 1..1048576",
                "prefill.chunk | 1048577 | 1..1048576",
                "records.max-copied-bytes | 1023 | 1024..1073741824",
                "records.max-copied-bytes | 1073741825 | 1024..1073741824",
                "dead-letters.max-bytes | -1 | 0..1073741824",
                "dead-letters.max-bytes | 1073741825 | 0..1073741824",
                "checkpoint.interval | 9 ms | 10 ms to 365 d",
                "checkpoint.interval | 0 s | 10 ms to 365 d",
                "checkpoint.interval | 366 d | 10 ms to 365 d",
                "checkpoint.interval | soon | a duration such as '10 s'",
                "checkpoint.interval | 10 parsecs | a duration such as '10 s'",
                "checkpoint.interval | 999999999999999 d | a duration such as '10 s'",
                "source.bounded | perhaps | true or false",
                "source.start | yesterday | [committed, earliest, latest]",
                "generation.mode | fast | [batch, map]",
                "batch.size | 0 | 1..65536",
                "batch.size | 65537 | 1..65536",
                "batch.max-hold | -1 s | a duration such as '10 s'",
                "batch.max-hold | 366 d | 0 ms to 365 d",
                "kv-cache.bytes | 0 | room for one sequence",
                "kv-cache.bytes | much | a size such as '512mb'",
                "prefix-cache.bytes | -1 | a size such as '512mb'",
                "generation.truncate-prompt | middle | [error, left, right]",
                "generation.allow-special-tokens | perhaps | true or false",
                "model.precision | f16 | [f32, bf16, int8]",
                "model.activation | silu | [gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, gelu_accurate, relu]",
                "model.activation | GELU | [gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, gelu_accurate, relu]",
                "records.unknown-fields | keep | [reject, ignore]",
                "records.envelope | yes | [as-sent, never, always]",
                "lost-transactions | pray | [fail, continue]",
                "topics.prompts | a topic | 1 to 249 letters",
                "topics.completions | .. | 1 to 249 letters",
                "topics.dead-letters | tötlich | 1 to 249 letters"
            })
    void aWrongValueIsRefusedWithWhatIsAllowed(String key, String value, String allowed) {
        assertThatThrownBy(() -> settings("--" + key + "=" + value))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(key, "found", allowed)
                .hasMessageMatching(".*(, expected|\\? Expected) .*");
    }

    @ParameterizedTest
    @CsvSource({
        "generation.max-context, 1",
        "prefill.chunk, 1048576",
        "batch.size, 65536",
        "batch.max-hold, 0 ms",
        "kv-cache.bytes, 1",
        "prefix-cache.bytes, 0",
        "records.max-copied-bytes, 1024",
        "dead-letters.max-bytes, 1073741824",
        "checkpoint.interval, 10 ms",
        "checkpoint.interval, 365 d",
        "topics.prompts, a.B_c-9"
    })
    void theOutermostValuesAreTaken(String key, String value) {
        assertThat(settings("--" + key + "=" + value)).isNotEqualTo(settings());
    }

    @Test
    void theNameOfATopicHas249CharactersAtMost() {
        assertThat(settings("--prompts=" + "p".repeat(249)).kafka().promptsTopic())
                .hasSize(249);
        assertThatThrownBy(() -> settings("--prompts=" + "p".repeat(250)))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContaining("topics.prompts");
    }

    @ParameterizedTest
    @ValueSource(strings = {"kafka.bootstrap.servers", "model.path"})
    void whatIsRequiredIsNamed(String key) {
        List<String> arguments = new ArrayList<>(List.of("--kafka.bootstrap.servers=b:1", "--model.path=m"));
        arguments.removeIf(argument -> argument.startsWith("--" + key));
        assertThatThrownBy(() -> JobSettings.from(JobArguments.parse(arguments)))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(key, "required");

        arguments.add("--" + key + "= ");
        assertThatThrownBy(() -> JobSettings.from(JobArguments.parse(arguments)))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(key, "required");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "job.name",
                "kafka.group.id",
                "model.name",
                "topics.prompts",
                "topics.completions",
                "topics.dead-letters"
            })
    void aNameMayNotBeEmpty(String key) {
        assertThatThrownBy(() -> settings("--" + key + "= "))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll(key, "nothing");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "isolation.level",
                "transactional.id",
                "transaction.two.phase.commit.enable",
                "enable.auto.commit",
                "commit.offsets.on.checkpoint",
                "auto.offset.reset",
                "enable.idempotence",
                "acks",
                "key.serializer",
                "value.serializer",
                "key.deserializer",
                "value.deserializer"
            })
    void aKafkaPropertyThatExactlyOnceDependsOnIsRefused(String property) {
        assertThatThrownBy(() -> settings("--kafka." + property + "=x"))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("kafka." + property, "the job sets");
    }

    @Test
    void whatGoesToTheTaskManagersCanBeSerialized() throws Exception {
        JobSettings settings = settings("--model.aliases=a;b", "--activation=relu", "--kv-cache.bytes=1gb");

        assertThat(InstantiationUtil.clone(settings.generation())).isEqualTo(settings.generation());
        assertThat(InstantiationUtil.clone(settings.batch())).isEqualTo(settings.batch());
    }

    private static JobSettings settings(String... further) {
        List<String> arguments = new ArrayList<>(Arrays.asList(further));
        arguments.add("--kafka.bootstrap.servers=broker:9092");
        if (arguments.stream().noneMatch(argument -> argument.startsWith("--model="))) {
            arguments.add("--model=/models/gpt2");
        }
        return JobSettings.from(JobArguments.parse(arguments));
    }

    @Test
    void aModelWhoseCommitNobodyKnowsNeedsARevision(@TempDir Path home) {
        JobSettings settings = JobSettings.from(
                JobArguments.parse(List.of("--kafka.bootstrap.servers", "nowhere:1", "--model", "someone/tiny")));
        assertThatThrownBy(() -> settings.withPinnedModel(
                        () -> new ModelHub(HubSettings.in(home).withOffline(true))))
                .isInstanceOf(InvalidOptionException.class)
                .hasMessageContainingAll("model.path", "'someone/tiny'", "offline", "'someone/tiny@REVISION'");
    }
}
