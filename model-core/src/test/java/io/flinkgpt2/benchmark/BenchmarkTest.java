package io.flinkgpt2.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Activation;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is counted and driven, on a small model with random weights; never how fast. */
class BenchmarkTest {

    private static final Gpt2Config CONFIG =
            new Gpt2Config(97, 400, 24, 2, 3, 40, Activation.GELU_TANH, 1e-5f, true, false, true, OptionalInt.of(96));

    private static Pretrained pretrained;

    @BeforeAll
    static void load() throws IOException {
        pretrained = Pretrained.random(CONFIG, 5, LoadOptions.defaults());
    }

    private static EngineRun measure(EngineOptions options, Workload workload) throws InterruptedException {
        try (Engines engines = new Engines(pretrained, options, workload.context())) {
            return engines.measure(workload, 2);
        }
    }

    private static Generator generator(Pretrained model, int maxContext, int prefillChunk) {
        return new Generator(model.model(), model.tokenizer(), maxContext, prefillChunk);
    }

    @Test
    void theChecksumIsThatOfTheIdsThatCompleteGives() throws InterruptedException {
        Workload workload = new Workload(5, 7, 20, 0, 11);
        EngineRun run = measure(new EngineOptions(1, 1, 3, 16, false), workload);

        Generator generator = generator(pretrained, CONFIG.contextLength(), 128);
        List<int[]> completed = workload.requests(CONFIG).stream()
                .map(request -> generator.complete(
                        request.promptTokenIds(),
                        GenerationParameters.greedy(request.parameters().maxTokens())))
                .peek(completion -> assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS))
                .map(completion -> completion.tokenIds())
                .toList();
        assertThat(run.idsSha256()).isEqualTo(IdsChecksum.sha256(completed));
    }

    /** Computed by {@code printf '1,2,3\n40\n\n' | sha256sum}. */
    @Test
    void theChecksumIsOfOneLineForEachStream() {
        assertThat(IdsChecksum.sha256(List.of(new int[] {1, 2, 3}, new int[] {40}, new int[] {})))
                .isEqualTo("70c4159bc9fe2979d50603718e8e9b552f4f1c82e3ce9935529db48d41b61793");
    }

    @Test
    void theModelIsTheOneThatAFileOfThatSeedHolds() throws IOException {
        assertThat(Pretrained.random(CONFIG, 5, LoadOptions.defaults()).revision())
                .isEqualTo(pretrained.revision());
        assertThat(Pretrained.random(CONFIG, 6, LoadOptions.defaults()).revision())
                .isNotEqualTo(pretrained.revision());
    }

    @Test
    void endOfTextIsATokenLikeAnyOtherWhereItIsIgnored() throws IOException {
        int[] prompt = {1, 2, 3};
        int first = generator(pretrained, 64, 8)
                .complete(prompt, GenerationParameters.greedy(1))
                .tokenIds()[0];
        Gpt2Config ends = new Gpt2Config(
                97, 400, 24, 2, 3, 40, Activation.GELU_TANH, 1e-5f, true, false, true, OptionalInt.of(first));
        Generator generator = generator(Pretrained.random(ends, 5, LoadOptions.defaults()), 64, 8);
        GenerationParameters heeded = GenerationParameters.greedy(4);
        GenerationParameters ignored = BenchRequest.greedy(prompt, 4).parameters();

        assertThat(generator.complete(prompt, heeded).stopReason()).isEqualTo(StopReason.END_OF_TEXT);
        assertThat(generator.complete(prompt, heeded).tokenIds()).isEmpty();
        assertThat(generator.complete(prompt, ignored).stopReason()).isEqualTo(StopReason.MAX_TOKENS);
        assertThat(generator.complete(prompt, ignored).tokenIds()).hasSize(4).startsWith(first);
    }

    @Test
    void rowsAndTokensAreCounted() throws InterruptedException {
        EngineRun run = measure(new EngineOptions(2, 1, 4, 16, false), new Workload(4, 7, 9, 0, 1));

        // The last token of each stream is not looked at again.
        assertThat(run.rows()).isEqualTo(2 * 4 * (7 + 9 - 1));
        assertThat(run.generatedTokens()).isEqualTo(2 * 4 * 9);
        assertThat(run.cachedTokens()).isZero();
        assertThat(run.ids()).hasSize(8).allSatisfy(ids -> assertThat(ids).hasSize(9));
        assertThat(run.kvBytes()).isPositive();
        assertThat(run.decodeTokens()).isPositive().isLessThanOrEqualTo(2 * 4 * 8);
        assertThat(run.decodeSeconds()).isPositive().isLessThan(run.seconds());
    }

    @Test
    void theArithmeticIsTwoOperationsForEachParameterOfAMatrixAndRow() {
        ModelWork work = ModelWork.of(pretrained.weights());

        assertThat(work.blockParameters()).isEqualTo(2 * (24 * 72 + 24 * 24 + 2 * 24 * 40));
        assertThat(work.headParameters()).isEqualTo(24 * 97);
        assertThat(work.matrixBytes()).isGreaterThanOrEqualTo(4 * (work.blockParameters() + work.headParameters()));
        assertThat(work.operations(10, 3)).isEqualTo(2.0 * (10 * work.blockParameters() + 3 * work.headParameters()));
        assertThat(Gpt2Weights.parameterCount(CONFIG, true))
                .isGreaterThan(work.blockParameters() + work.headParameters());
    }

    @Test
    void promptsAreSeededAndShareTheirPrefix() {
        List<BenchRequest> requests = new Workload(6, 10, 3, 4, 7).requests(CONFIG);

        assertThat(requests).hasSize(6).allSatisfy(request -> {
            assertThat(request.parameters().stop().ignoreEndOfText()).isTrue();
            assertThat(request.promptTokenIds()).hasSize(10).doesNotContain(96);
            assertThat(Arrays.copyOf(request.promptTokenIds(), 4))
                    .isEqualTo(Arrays.copyOf(requests.get(0).promptTokenIds(), 4));
        });
        assertThat(requests.get(1).promptTokenIds())
                .isNotEqualTo(requests.get(0).promptTokenIds())
                .isEqualTo(new Workload(6, 10, 3, 4, 7).requests(CONFIG).get(1).promptTokenIds());
        assertThatThrownBy(() -> new Workload(1, 3, 1, 4, 0)).hasMessageContaining("found 4, expected 0..3");
    }

    @Test
    void sharedPrefixesAreComputedOnce() throws InterruptedException {
        PrefixScenario.Result result = PrefixScenario.run(
                pretrained, new EngineOptions(1, 1, 4, 16, true), new Workload(10, 160, 3, 150, 2), 1);

        // A token behind the prefix may be the same by chance.
        assertThat(result.cached().cachedTokens()).isBetween(9L * 150, 9L * 152);
        assertThat(result.computed().cachedTokens()).isZero();
        assertThat(result.computed().rows())
                .isEqualTo(result.cached().rows() + result.cached().cachedTokens());
        assertThat(result.speedup()).isPositive();
    }

    @Test
    void mixedLengthsGoThroughAllThreeKindsOfBatching() {
        List<MixedScenario.Result> results =
                new MixedScenario(pretrained, new EngineOptions(1, 1, 4, 32, false), 9, 3).run(List.of(2, 4), 1);

        assertThat(results).extracting(MixedScenario.Result::batching).containsExactly(MixedScenario.Batching.values());
        assertThat(results.get(0).batchSize()).isEqualTo(4);
        assertThat(results).allSatisfy(result -> {
            assertThat(result.batchSize()).isIn(2, 4);
            assertThat(result.generatedTokens())
                    .isEqualTo(results.get(0).generatedTokens())
                    .isBetween(9L * MixedScenario.LEAST_OUTPUT, 9L * MixedScenario.MOST_OUTPUT);
            assertThat(result.latencyP50()).isPositive().isLessThanOrEqualTo(result.latencyP95());
            assertThat(result.latencyP95()).isLessThanOrEqualTo(result.seconds());
        });
    }

    @Test
    void theMedianRatioIsTheOneInTheMiddleOrTheLesserOfTwo() {
        assertThat(FeatureScenario.median(new double[] {3, 1, 2})).isEqualTo(2);
        assertThat(FeatureScenario.median(new double[] {4, 1, 3, 2})).isEqualTo(2);
    }

    @Test
    void theAttentionReadsTheKeysAndValuesOfEveryPosition() {
        AttentionScenario.Result result = AttentionScenario.run(pretrained, 3, 50, 2, new ReadLimit(2, 8 << 20), 1);

        assertThat(result.bytes()).isEqualTo(3L * 51 * 2 * 2 * 24 * 4);
        assertThat(result.attentionSeconds()).isPositive();
        assertThat(result.stepSeconds()).isPositive();
        assertThat(result.shareOfBandwidth()).isPositive();
    }

    @Test
    void theMedianIsTheRunInTheMiddle() {
        assertThat(EngineRun.median(Stream.of(3.0, 1.0, 2.0).map(BenchmarkTest::lasting))
                        .seconds())
                .isEqualTo(2);
    }

    private static EngineRun lasting(double seconds) {
        return new EngineRun(seconds, 0, 0, 0, 0, 0, 0, 0, 0, List.of());
    }
}
