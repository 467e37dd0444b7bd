package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.generation.FailingKernels.Place;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.SamplingParameters;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
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
    private static Generator generator;

    @BeforeAll
    static void open() {
        Pretrained toy = ToyModel.open(directory.resolve("clean"), Kernels.best(), POISON);
        generator = new Generator(toy, ToyModel.CONTEXT, 64);
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

    private static GenerationRequest request(long seed, int promptLength, int maxTokens) {
        int[] prompt = new SplittableRandom(seed).ints(promptLength, 1, POISON).toArray();
        SamplingParameters sampling = seed % 2 == 0
                ? SamplingParameters.GREEDY
                : new SamplingParameters(1.5, 0, 0.99); // flat enough that another bit is another token
        return new GenerationRequest(prompt, maxTokens, sampling, seed, 0);
    }

    /** The same, but that it throws in the end, at the place of the kernels. */
    private static GenerationRequest failing(GenerationRequest request, int position) {
        int[] prompt = request.promptTokenIds().clone();
        prompt[position] = POISON;
        return new GenerationRequest(prompt, request.maxTokens(), SamplingParameters.GREEDY, request.seed(), 0);
    }

    private static List<BatchOutcome> finish(ContinuousBatch batch) {
        List<BatchOutcome> outcomes = new ArrayList<>();
        do {
            for (BatchOutcome outcome = batch.poll(); outcome != null; outcome = batch.poll()) {
                outcomes.add(outcome);
            }
        } while (batch.step());
        return outcomes;
    }

    private static void assertBitsOfAGenerator(BatchOutcome outcome) {
        assertThat(outcome).isInstanceOfSatisfying(BatchOutcome.Completed.class, completed -> {
            Completion expected = generator.generate(outcome.inFlight().request());
            assertThat(completed.completion().tokenIds()).containsExactly(expected.tokenIds());
            assertThat(completed.completion().text()).isEqualTo(expected.text());
        });
    }

    /** Whether it has no poison, and generates none. */
    private static boolean isGood(GenerationRequest request) {
        try {
            generator.generate(request);
            return true;
        } catch (ArithmeticException e) {
            return false;
        }
    }

    private static void assertNothingHeld(ContinuousBatch batch) {
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.metrics().kvBytesUsed()).isZero();
        assertThat(batch.metrics().kvBytesFree() + batch.metrics().kvBytesIdle())
                .isEqualTo(batch.metrics().kvBytesTotal());
    }

    @ParameterizedTest
    @EnumSource
    void onlyTheSequenceThatThrowsEndsAndThoseAfterItAreNotDisturbed(Place place) {
        Pretrained model = model(failingAt(place));
        ContinuousBatch batch = new ContinuousBatch(model, options(model, 4, 48));
        GenerationRequest good = request(1, 150, 30);
        GenerationRequest bad = place == Place.EXPONENTIALS
                ? new GenerationRequest(
                        good.promptTokenIds(),
                        30,
                        new SamplingParameters(FailingKernels.FAILING_TEMPERATURE, 0, 1),
                        0,
                        0)
                : failing(good, 140);
        batch.submit(request(2, 20, 40), 0);
        batch.step();
        InFlight failing = batch.submit(bad, 0);
        batch.submit(request(3, 90, 25), 0);
        batch.submit(request(4, 5, 60), 0);
        // Those that wait begin as the failing one does, and share what is known of that.
        InFlight failingToo = batch.submit(bad, 0);
        batch.submit(good, 0);
        batch.submit(request(6, 100, 10), 0);

        List<BatchOutcome> outcomes = finish(batch);

        assertThat(outcomes).hasSize(7);
        for (BatchOutcome outcome : outcomes) {
            if (outcome.inFlight() == failing || outcome.inFlight() == failingToo) {
                assertThat(outcome)
                        .isInstanceOfSatisfying(
                                BatchOutcome.Failed.class,
                                failed -> assertThat(failed.cause())
                                        .isInstanceOf(IllegalStateException.class)
                                        .hasMessage(FAILURE));
                assertThat(outcome.inFlight().hasEnded()).isTrue();
            } else {
                assertBitsOfAGenerator(outcome);
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
        ContinuousBatch batch = new ContinuousBatch(model, options(model, 3, 16));
        List<InFlight> all = List.of(
                batch.submit(request(1, 40, 20), 0),
                batch.submit(request(2, 3, 20), 0),
                batch.submit(request(3, 30, 20), 0));
        ContinuousBatch undisturbed = new ContinuousBatch(model, options(model, 3, 16));
        List<InFlight> twins = all.stream()
                .map(inFlight -> undisturbed.submit(inFlight.request(), 0))
                .toList();
        for (int step = 1; step <= 10; step++) {
            undisturbed.step();
            kernels.failAtProduct(step);
            batch.step();
            // The same step all the same, row by row.
            assertThat(all)
                    .extracting(i -> i.cache.length())
                    .isEqualTo(twins.stream().map(i -> i.cache.length()).toList());
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
                model,
                options(model, 1 + random.nextInt(6), 1 + random.nextInt(80))
                        .withKvCacheBytes((5L + random.nextInt(8)) * block)
                        .withPrefixCacheBytes(random.nextInt(3) * 3L * block));
        for (int i = 0; i < 30; i++) {
            GenerationRequest good = request(random.nextInt(6), 1 + random.nextInt(200), 1 + random.nextInt(60));
            int position = random.nextInt(good.promptTokenIds().length);
            batch.submit(random.nextInt(4) == 0 ? failing(good, position) : good, 0);
        }
        List<BatchOutcome> outcomes = new ArrayList<>();
        while (!batch.isIdle()) {
            kernels.failAtProduct(random.nextInt(8) == 0 ? 1 + random.nextInt(9) : 0);
            batch.step();
            for (BatchOutcome outcome = batch.poll(); outcome != null; outcome = batch.poll()) {
                outcomes.add(outcome);
            }
        }
        assertThat(outcomes).hasSize(30);
        List<BatchOutcome> good = outcomes.stream()
                .filter(outcome -> isGood(outcome.inFlight().request()))
                .toList();
        assertThat(good).hasSizeBetween(8, 29).allSatisfy(ContinuousBatchFailureTest::assertBitsOfAGenerator);
        assertThat(outcomes)
                .filteredOn(outcome -> !good.contains(outcome))
                .allSatisfy(outcome -> assertThat(outcome).isInstanceOf(BatchOutcome.Failed.class));
        assertNothingHeld(batch);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void anErrorOfTheJvmPassesThrough(int threads) {
        OutOfMemoryError error = new OutOfMemoryError(FAILURE);
        Pretrained model = model(new FailingKernels(Kernels.best(), Place.PRODUCT, () -> error));
        try (Workers workers = new Workers(threads)) {
            ContinuousBatch batch = new ContinuousBatch(model, options(model, 4, 48), workers);
            batch.submit(request(1, 10, 5), 0);
            batch.submit(failing(request(2, 10, 5), 9), 0);
            assertThatThrownBy(batch::step).isSameAs(error);
            assertThat(batch.poll()).isNull();
        }
    }

    @Test
    void tokensThatBecomeNoTextFailTheirRequest() {
        Outcomes withoutTokenizer = new Outcomes(null);
        Sequence sequence = new Sequence(request(1, 5, 5), new int[5], new int[0], ToyModel.CONTEXT, id -> false);
        InFlight inFlight = new InFlight(0, 0, sequence, 1, 0);
        withoutTokenizer.complete(inFlight, 1);
        assertThat(inFlight.hasEnded()).isTrue();
        assertThat(withoutTokenizer.poll()).isInstanceOfSatisfying(BatchOutcome.Failed.class, failed -> {
            assertThat(failed.inFlight()).isSameAs(inFlight);
            assertThat(failed.cause()).isInstanceOf(NullPointerException.class);
        });
        assertThat(withoutTokenizer.poll()).isNull();
    }
}
