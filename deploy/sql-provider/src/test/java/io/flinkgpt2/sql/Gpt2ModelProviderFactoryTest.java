package io.flinkgpt2.sql;

import static io.flinkgpt2.sql.Models.ERROR;
import static io.flinkgpt2.sql.Models.PROMPT;
import static io.flinkgpt2.sql.Models.TEXT;
import static io.flinkgpt2.sql.Models.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Precision;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.ConfigOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Gpt2ModelProviderFactoryTest {

    @TempDir
    private Path directory;

    @Test
    void withoutOptionsRowsAskForWhatARequestOfTheJobAsksFor() {
        ProviderSettings settings = Models.settings(Map.of());

        assertThat(settings.parameters(7))
                .usingRecursiveComparison()
                .isEqualTo(GenerationParameters.builder().setSeed(7).build());
        assertThat(settings.limits().maxContext()).isNull();
        assertThat(settings.limits().batchSize()).isEqualTo(32);
        assertThat(settings.overflow()).isEqualTo(ContextOverflow.ERROR);
        assertThat(settings.errors()).isEqualTo(ErrorHandling.NULL);
        assertThat(settings.generation().seed()).isNull();
    }

    @Test
    void everyOptionArrivesAtItsPlace() {
        ProviderSettings settings = Models.settings(Map.ofEntries(
                Map.entry("precision", "bf16"),
                Map.entry("activation", "gelu"),
                Map.entry("max-tokens", "9"),
                Map.entry("min-tokens", "2"),
                Map.entry("temperature", "0.5"),
                Map.entry("top-p", "0.9"),
                Map.entry("top-k", "40"),
                Map.entry("min-p", "0.1"),
                Map.entry("presence-penalty", "0.2"),
                Map.entry("frequency-penalty", "-0.3"),
                Map.entry("repetition-penalty", "1.1"),
                Map.entry("stop", "a,\"b,c\",\"d\"\"e\""),
                Map.entry("seed", "-5"),
                Map.entry("n", "3"),
                Map.entry("allow-special-tokens", "true"),
                Map.entry("max-context-size", "64"),
                Map.entry("context-overflow-action", "truncated-head-log"),
                Map.entry("error-handling-strategy", "failover"),
                Map.entry("batch-size", "5"),
                Map.entry("prefill-chunk", "17"),
                Map.entry("kv-cache-size", "12mb")));

        assertThat(settings.parameters(-5))
                .usingRecursiveComparison()
                .isEqualTo(GenerationParameters.builder()
                        .setMaxTokens(9)
                        .setMinTokens(2)
                        .setTemperature(0.5)
                        .setTopP(0.9)
                        .setTopK(40)
                        .setMinP(0.1)
                        .setPresencePenalty(0.2)
                        .setFrequencyPenalty(-0.3)
                        .setRepetitionPenalty(1.1)
                        .setStopStrings(List.of("a", "b,c", "d\"e"))
                        .setChoices(3)
                        .setSeed(-5)
                        .build());
        assertThat(settings.precision()).isEqualTo(Precision.BF16);
        assertThat(settings.activation()).isEqualTo(Activation.GELU);
        assertThat(settings.generation().seed()).isEqualTo(-5);
        assertThat(settings.generation().allowSpecialTokens()).isTrue();
        assertThat(settings.limits()).isEqualTo(new ProviderSettings.Limits(64, 5, 17, 12L << 20));
        assertThat(settings.overflow().truncation()).isEqualTo(PromptTruncation.LEFT);
        assertThat(settings.overflow().isLogged()).isTrue();
        assertThat(settings.errors()).isEqualTo(ErrorHandling.FAILOVER);
    }

    @Test
    void noOptionIsMissingFromTheTestAbove() {
        assertThat(Gpt2Options.all()).extracting(ConfigOption::key).hasSize(22).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            max-token               | 5        | unknown option 'max-token'; did you mean 'max-tokens'? Known options: activation, allow-special-tokens, batch-size
            maxTokens               | 5        | unknown option 'maxTokens'; did you mean 'max-tokens'?
            batch.size              | 5        | unknown option 'batch.size'; did you mean 'batch-size'?
            api-key                 | abc      | unknown option 'api-key' Known options:
            max-tokens              | 0        | max-tokens: found '0', expected 1 or more
            max-tokens              | five     | max-tokens: found 'five', expected an integer
            max-tokens              | 99999999999 | max-tokens: found '99999999999', expected an integer
            min-tokens              | -1       | min-tokens: found '-1', expected 0 or more
            min-tokens              | 17       | min-tokens: found 17, expected at most 16, the max-tokens
            temperature             | -0.1     | temperature: found -0.1, expected 0 or more
            temperature             | NaN      | temperature: found NaN, expected 0 or more
            temperature             | hot      | temperature: found 'hot', expected a number
            top-p                   | 0        | top-p: found 0.0, expected above 0 and at most 1
            top-p                   | 1.5      | top-p: found 1.5
            top-k                   | -2       | top-k: found '-2', expected 0 or more
            min-p                   | 2        | min-p: found 2.0, expected 0..1
            presence-penalty        | 3        | presence-penalty: found 3.0
            frequency-penalty       | -2.5     | frequency-penalty: found -2.5
            repetition-penalty      | 0        | repetition-penalty: found 0.0
            stop                    | "open    | stop: found 'a quote at character 1 that is not closed', expected texts separated by commas
            stop                    | a,,b     | stop: found an empty string, expected text
            stop                    | 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17 | stop: found 17 strings, expected at most 16
            n                       | 0        | n: found 0, expected 1..128
            n                       | 129      | n: found 129, expected 1..128
            seed                    | 1.5      | seed: found '1.5', expected an integer
            allow-special-tokens    | perhaps  | allow-special-tokens: found 'perhaps', expected true or false
            precision               | f16      | precision: found 'f16', expected one of [f32, bf16, int8]
            activation              | swish    | activation: found 'swish', expected one of [gelu,
            max-context-size        | 0        | max-context-size: found '0', expected 1 or more
            max-context-size        | 257      | max-context-size: found 257, expected 1..256, the n_positions of the model
            context-overflow-action | cut      | context-overflow-action: found 'cut', expected one of [error, truncated-tail,
            error-handling-strategy | retry    | error-handling-strategy: found 'retry', expected one of [null, ignore, failover]
            batch-size              | 0        | batch-size: found '0', expected 1 or more
            prefill-chunk           | 0        | prefill-chunk: found '0', expected 1 or more
            kv-cache-size           | 0 b      | kv-cache-size: found '0 b', expected 1 byte or more
            kv-cache-size           | large    | kv-cache-size: found 'large', expected a size such as 512mb
            """)
    void aWrongOptionIsRefusedByNameBeforeAnythingRuns(String key, String value, String message) {
        assertRefused(() -> Models.settings(Map.of(key, value)), message);
    }

    @Test
    void aModelIsRequired() {
        assertRefused(
                () -> Models.provider(List.of(PROMPT), List.of(TEXT), Map.of(), Map.of()),
                "model: found none, expected the path or name of a model; give the option 'model', or SET 'gpt2.model'");
    }

    @Test
    void theModelOfTheSessionStandsWhereNoneIsNamed() {
        ProviderSettings settings = Models.provider(
                        List.of(PROMPT), List.of(TEXT), Map.of(), Map.of("gpt2.model", Models.BUNDLED.toString()))
                .settings();

        assertThat(settings.model()).isEqualTo(Models.BUNDLED.toString());
    }

    @Test
    void aRelativePathIsMadeAbsoluteForTheTaskManagers() {
        ProviderSettings settings = Models.settings(Map.of("model", "../models/fairytales"));

        assertThat(settings.model()).isEqualTo(Models.BUNDLED.toString());
    }

    @Test
    void aPathThatIsNotHereIsLeftToTheTaskManagers() {
        ProviderSettings settings = Models.settings(Map.of("model", "/no/such/model"));

        assertThat(settings.model()).isEqualTo("/no/such/model");
    }

    @Test
    void anEmptyDirectoryIsRefused() {
        assertRefused(() -> Models.settings(Map.of("model", directory.toString())), "found a directory without them");
    }

    @Test
    void theNameOfAModelThatCannotBeLookedUpIsRefused() {
        assertRefused(() -> Models.settings(Map.of("model", "somebody/something")), "model: ");
    }

    @Test
    void theFunctionsCanBeSentToTaskManagers() throws Exception {
        Gpt2ModelProvider provider = Models.provider(
                List.of(PROMPT), List.of(TEXT, ERROR), Map.of("model", Models.BUNDLED.toString()), Map.of());
        for (Object function :
                List.of(provider.createPredictFunction(null), provider.createAsyncPredictFunction(null))) {
            assertThat(copied(function)).hasSameClassAs(function);
        }
        assertThat(copied(provider.settings())).isEqualTo(provider.settings());
        assertThat(((Gpt2ModelProvider) provider.copy()).settings()).isEqualTo(provider.settings());
    }

    private static Object copied(Object value) throws IOException, ClassNotFoundException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(value);
        }
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            return in.readObject();
        }
    }
}
