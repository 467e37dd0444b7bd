package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.generation.FailingKernels.Place;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What throws inside of a step ends alone, wherever it throws; the others get their bits, and nothing leaks. */
class ContinuousBatchFailureTest {

    private static final int POISON = 96;
    private static final String FAILURE = "thrown by the test";

    @TempDir
    static Path directory;

    /** Completes what has no poison. */
    private static PlainGenerator generator;

    @BeforeAll
    static void open() {
        Pretrained toy = ToyModel.open(directory.resolve("clean"), Kernels.best(), POISON);
        generator = new PlainGenerator(toy, ToyModel.CONTEXT, 64);
    }

    private static FailingKernels failingAt(Place place) {
        return new FailingKernels(Kernels.best(), place, () -> new IllegalStateException(FAILURE));
    }

    private static Pretrained model(FailingKernels kernels) {
        return ToyModel.open(directory.resolve("failing"), kernels, POISON);
    }

    private static BatchOptions options(Pretrained model, int batchSize, int prefillChunk) {
        return BatchOptions.roomy(model.config(), ToyModel.CONTEXT, batchSize, prefillChunk);
    }

    private static TestRequest request(long seed, int promptLength, int maxTokens) {
        int[] prompt = new SplittableRandom(seed).ints(promptLength, 1, POISON).toArray();
        GenerationParametersBuilder parameters =
                GenerationParameters.builder().setMaxTokens(maxTokens).setSeed(seed);
        return new TestRequest(
                prompt,
                seed % 2 == 0
                        ? parameters.setTemperature(0).build()
                        // flat enough that another bit is another token
                        : parameters.setTemperature(1.5).setTopP(0.99).build());
    }

    /** The same, but that it throws in the end, at the place of the kernels. */
    private static TestRequest failing(TestRequest request, int position) {
        int[] prompt = request.promptTokenIds().clone();
        prompt[position] = POISON;
        return TestRequest.greedy(prompt, request.parameters().maxTokens());
    }

    private static List<RequestGroup> finish(ContinuousBatch batch) {
        List<RequestGroup> outcomes = new ArrayList<>();
        do {
            for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
                outcomes.add(ended);
            }
        } while (batch.step());
        return outcomes;
    }

    private static void assertBitsOfAGenerator(RequestGroup ended) {
        assertThat(ended.failure()).isNull();
        Completion expected = generator.complete(TestRequest.of(ended));
        assertThat(ended.completions().get(0).tokenIds()).containsExactly(expected.tokenIds());
        assertThat(ended.completions().get(0).text()).isEqualTo(expected.text());
    }

    /** Whether it has no poison, and generates none. */
    private static boolean isGood(TestRequest request) {
        try {
            generator.complete(request);
            return true;
        } catch (ArithmeticException e) {
            return false;
        }
    }

    private static void assertNothingHeld(ContinuousBatch batch) {
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.metrics().kvBytesUsed()).isZero();
        assertThat(batch.metrics().kvBytesUnheld() + batch.metrics().kvBytesIdle())
                .isEqualTo(batch.metrics().kvBytesTotal());
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheSequenceThatThrowsEndsAndThoseAfterItAreNotDisturbed(Place place) {
        Pretrained model = model(failingAt(place));
        ContinuousBatch batch = new ContinuousBatch(model.model(), model.tokenizer(), options(model, 4, 48));
        TestRequest good = request(1, 150, 30);
        TestRequest bad = place == Place.EXPONENTIALS
                ? new TestRequest(
                        good.promptTokenIds(),
                        GenerationParameters.builder()
                                .setMaxTokens(30)
                                .setTemperature(FailingKernels.FAILING_TEMPERATURE)
                                .build())
                : failing(good, 140);
        request(2, 20, 40).submitTo(batch);
        batch.step();
        RequestGroup failing = bad.submitTo(batch);
        request(3, 90, 25).submitTo(batch);
        request(4, 5, 60).submitTo(batch);
        // Those that wait begin as the failing one does, and share what is known of that.
        RequestGroup failingToo = bad.submitTo(batch);
        good.submitTo(batch);
        request(6, 100, 10).submitTo(batch);

        List<RequestGroup> outcomes = finish(batch);

        assertThat(outcomes).hasSize(7);
        for (RequestGroup ended : outcomes) {
            if (ended == failing || ended == failingToo) {
                assertThat(ended.failure())
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessage(FAILURE);
                assertThat(ended.hasEnded()).isTrue();
                assertThat(ended.completions()).isEmpty();
            } else {
                assertBitsOfAGenerator(ended);
            }
        }
        assertNothingHeld(batch);
        boolean inThePass = place != Place.ARG_MAX && place != Place.EXPONENTIALS;
        assertThat(batch.metrics().failedPasses()).isEqualTo(inThePass ? 2 : 0);
        assertThat(batch.metrics().unexplainedFailures()).isZero();
        assertThat(batch.metrics().unexplainedFailure()).isNull();
    }

    @Test
    void aSharedPassThatFailsWithoutASequenceThatDoesIsMadeAloneAndTold() {
        FailingKernels kernels = failingAt(Place.NORM);
        Pretrained model = model(kernels);
        ContinuousBatch batch = new ContinuousBatch(model.model(), model.tokenizer(), options(model, 3, 16));
        List<RequestGroup> all = List.of(
                request(1, 40, 20).submitTo(batch),
                request(2, 3, 20).submitTo(batch),
                request(3, 30, 20).submitTo(batch));
        ContinuousBatch undisturbed = new ContinuousBatch(model.model(), model.tokenizer(), options(model, 3, 16));
        List<RequestGroup> twins = all.stream()
                .map(request -> TestRequest.of(request).submitTo(undisturbed))
                .toList();
        for (int step = 1; step <= 10; step++) {
            undisturbed.step();
            kernels.failAtProduct(step);
            batch.step();
            // The same step all the same, row by row.
            assertThat(all)
                    .extracting(TestRequest::positions)
                    .isEqualTo(twins.stream().map(TestRequest::positions).toList());
            assertThat(batch.metrics().rows()).isEqualTo(undisturbed.metrics().rows());
            // The model has two layers of four products each, and the logits; where nothing wants logits all succeed.
            assertThat(batch.metrics().unexplainedFailures()).isEqualTo(Math.min(step, 9));
            kernels.failAtProduct(0);
        }
        assertThat(batch.metrics().failedPasses()).isEqualTo(9);
        assertThat(batch.metrics().unexplainedFailure())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(FAILURE);
        assertThat(finish(batch)).hasSize(3).allSatisfy(ContinuousBatchFailureTest::assertBitsOfAGenerator);
        assertNothingHeld(batch);
    }

    /** Sequences that throw, passes that fail for no reason, narrow caches, chunks and prompts that begin alike. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void whateverFailsInBetweenNothingLeaksAndTheOthersGetTheirBits(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        Place[] places = {Place.NORM, Place.PRODUCT, Place.SCORES, Place.SOFTMAX, Place.LOGITS, Place.ARG_MAX};
        FailingKernels kernels = failingAt(places[seed % places.length]);
        Pretrained model = model(kernels);
        long block = KvBlocks.blockBytes(model.config());
        ContinuousBatch batch = new ContinuousBatch(
                model.model(),
                model.tokenizer(),
                options(model, 1 + random.nextInt(6), 1 + random.nextInt(80))
                        .withKvCacheBytes((5L + random.nextInt(8)) * block)
                        .withPrefixCacheBytes(random.nextInt(3) * 3L * block));
        for (int i = 0; i < 30; i++) {
            TestRequest good = request(random.nextInt(6), 1 + random.nextInt(200), 1 + random.nextInt(60));
            int position = random.nextInt(good.promptTokenIds().length);
            (random.nextInt(4) == 0 ? failing(good, position) : good).submitTo(batch);
        }
        List<RequestGroup> outcomes = new ArrayList<>();
        while (!batch.isIdle()) {
            kernels.failAtProduct(random.nextInt(8) == 0 ? 1 + random.nextInt(9) : 0);
            batch.step();
            for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
                outcomes.add(ended);
            }
        }
        assertThat(outcomes).hasSize(30);
        List<RequestGroup> good =
                outcomes.stream().filter(ended -> isGood(TestRequest.of(ended))).toList();
        assertThat(good).hasSizeBetween(8, 29).allSatisfy(ContinuousBatchFailureTest::assertBitsOfAGenerator);
        assertThat(outcomes)
                .filteredOn(ended -> !good.contains(ended))
                .allSatisfy(ended -> assertThat(ended.failure()).isNotNull());
        assertNothingHeld(batch);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void anErrorOfTheJvmPassesThrough(int threads) {
        OutOfMemoryError error = new OutOfMemoryError(FAILURE);
        Pretrained model = model(new FailingKernels(Kernels.best(), Place.PRODUCT, () -> error));
        try (Workers workers = new Workers(threads)) {
            ContinuousBatch batch =
                    new ContinuousBatch(model.model(), model.tokenizer(), options(model, 4, 48), workers);
            request(1, 10, 5).submitTo(batch);
            failing(request(2, 10, 5), 9).submitTo(batch);
            assertThatThrownBy(batch::step).isSameAs(error);
            assertThat(batch.poll()).isNull();
        }
    }

    @Test
    void tokensThatBecomeNoTextFailTheirRequest() {
        Outcomes withoutTokenizer = new Outcomes(null);
        RequestGroup group = new RequestGroup(new int[1][5], request(1, 5, 5).parameters(), 0, 0);
        SequenceFeatures features = new StandardFeatures(generator.config(), Tokenizer.gpt2(), () -> null);
        Prompt prompt = new Prompt(0, new int[5], group.parameters().scores(), ToyModel.VOCABULARY);
        Sequence sequence = new Sequence(group, prompt, 0, 0, new int[0], ToyModel.CONTEXT, features);
        group.add(sequence);
        withoutTokenizer.complete(sequence, 1);
        assertThat(group.hasEnded()).isTrue();
        assertThat(withoutTokenizer.poll()).isSameAs(group);
        assertThat(group.failure()).isInstanceOf(NullPointerException.class);
        assertThat(withoutTokenizer.poll()).isNull();
    }
}
