package io.flinkgpt2.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Activation;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The requests of each feature, and a run of all of them on a small model with GPT-2's vocabulary. */
class FeatureScenarioTest {

    private static final Workload WORKLOAD = new Workload(9, 6, 5, 0, 3);
    private static final EngineOptions OPTIONS = new EngineOptions(1, 1, 9, 16, false);

    private static Pretrained pretrained;

    private static Gpt2Config config(int vocabularySize) {
        return new Gpt2Config(
                vocabularySize,
                64,
                8,
                1,
                2,
                16,
                Activation.GELU_TANH,
                1e-5f,
                true,
                false,
                true,
                OptionalInt.of(vocabularySize - 1));
    }

    @BeforeAll
    static void load() throws IOException {
        pretrained = Pretrained.random(config(50257), 5, LoadOptions.defaults());
    }

    @Test
    void everyFeatureIsMeasuredBesideAsManyTokens() {
        List<FeatureScenario.Result> results = FeatureScenario.run(pretrained, OPTIONS, WORKLOAD, 2);

        assertThat(results).extracting(FeatureScenario.Result::feature).containsExactly(Feature.values());
        assertThat(results).allSatisfy(result -> {
            boolean choices = result.feature().name().startsWith("CHOICES");
            assertThat(result.plain().generatedTokens()).isEqualTo((choices ? 8 : 9) * 5);
            assertThat(result.used().generatedTokens()).isEqualTo(result.plain().generatedTokens());
            assertThat(result.used().ids()).allSatisfy(ids -> assertThat(ids).hasSize(5));
            assertThat(result.ratio()).isPositive();
            assertThat(result.decodeRatio()).isPositive();
            assertThat(result.used().idsSha256().equals(result.plain().idsSha256()))
                    .as(result.feature().label())
                    .isEqualTo(!result.feature().changesIds());
        });
    }

    @Test
    void thePromptOfSeveralChoicesIsComputedOnce() {
        List<FeatureScenario.Result> results = FeatureScenario.run(pretrained, OPTIONS, WORKLOAD, 1);

        // Two prompts of four times six tokens, each for four choices of five tokens, the last of which is not looked
        // at.
        FeatureScenario.Result choices = results.get(Feature.CHOICES.ordinal());
        assertThat(choices.plain().rows()).isEqualTo(2 * 4 * (24 + 4));
        assertThat(choices.used().rows()).isLessThan(choices.plain().rows()).isGreaterThanOrEqualTo(2 * 24 + 8 * 4);
        FeatureScenario.Result cached = results.get(Feature.CHOICES_WITH_PREFIX_CACHE.ordinal());
        assertThat(cached.plain().rows()).isLessThan(choices.plain().rows()).isGreaterThanOrEqualTo(2 * 24 + 8 * 4);
        assertThat(cached.plain().idsSha256()).isEqualTo(choices.plain().idsSha256());
    }

    @ParameterizedTest
    @EnumSource(Feature.class)
    void theTwoSidesDifferInTheFeatureAlone(Feature feature) {
        List<BenchRequest> plain = feature.requests(WORKLOAD, pretrained, false);
        List<BenchRequest> used = feature.requests(WORKLOAD, pretrained, true);

        boolean choices = feature == Feature.CHOICES || feature == Feature.CHOICES_WITH_PREFIX_CACHE;
        assertThat(used).hasSize(choices ? 2 : 9);
        assertThat(plain).hasSize(choices ? 8 : 9);
        for (int i = 0; i < plain.size(); i++) {
            BenchRequest with = used.get(choices ? i / 4 : i);
            assertThat(plain.get(i).promptTokenIds())
                    .isEqualTo(with.promptTokenIds())
                    .hasSize(choices ? 24 : 6);
            assertThat(with.parameters().stop().ignoreEndOfText()).isTrue();
            assertThat(with.parameters().maxTokens()).isEqualTo(5);
            assertThat(with.parameters().choices()).isEqualTo(choices ? 4 : 1);
        }
    }

    @Test
    void eachFeatureIsWhatItsNameSays() {
        assertThat(parameters(Feature.TOP_P).sampling().topP()).isEqualTo(0.9);
        assertThat(parameters(Feature.TOP_P).sampling().temperature()).isEqualTo(1);
        assertThat(parameters(Feature.LOGPROBS).scores().generated()).isEqualTo(5);
        assertThat(parameters(Feature.PENALTIES).logits().noRepeatNgramSize()).isEqualTo(3);
        assertThat(parameters(Feature.PENALTIES).logits().repetitionPenalty()).isNotEqualTo(1);
        assertThat(parameters(Feature.PENALTIES).logits().presencePenalty()).isNotZero();
        assertThat(parameters(Feature.PENALTIES).logits().frequencyPenalty()).isNotZero();
        assertThat(parameters(Feature.STOP).stop().strings()).hasSize(1);
        assertThat(parameters(Feature.CONSTRAINT).constraint().kind()).isEqualTo(ConstraintSource.Kind.JSON_SCHEMA);
        assertThat(Arrays.stream(Feature.values()).filter(Feature::usesPrefixCache))
                .containsExactly(Feature.CHOICES_WITH_PREFIX_CACHE);
    }

    private static GenerationParameters parameters(Feature feature) {
        return feature.requests(WORKLOAD, pretrained, true).get(0).parameters();
    }

    @Test
    void theContextIsThatOfTheLongestPrompt() {
        assertThat(FeatureScenario.context(WORKLOAD)).isEqualTo(4 * 6 + 5);
    }

    @Test
    void aModelWithoutTextIsRefused() throws IOException {
        Pretrained numbers = Pretrained.random(config(97), 5, LoadOptions.defaults());

        assertThatThrownBy(() -> FeatureScenario.run(numbers, OPTIONS, WORKLOAD, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("takes token ids only");
    }
}
