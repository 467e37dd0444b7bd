package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.SamplingParameters;
import io.flinkgpt2.tensor.Kernels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContinuousBatchTest {

    private static final int POISON = 96;

    @TempDir
    static Path directory;

    private static Pretrained toy;
    private static Generator generator;

    @BeforeAll
    static void open() {
        toy = ToyModel.open(directory.resolve("toy"), Kernels.best());
        generator = new Generator(toy, ToyModel.CONTEXT, 64);
    }

    private static BatchOptions options(int batchSize, int prefillChunk) {
        return BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, batchSize, prefillChunk);
    }

    private static ContinuousBatch batch(int batchSize, int prefillChunk) {
        return new ContinuousBatch(toy, options(batchSize, prefillChunk));
    }

    private static GenerationRequest request(long seed, int promptLength, int maxTokens) {
        int[] prompt = new SplittableRandom(seed).ints(promptLength, 1, POISON).toArray();
        return new GenerationRequest(prompt, maxTokens, SamplingParameters.GREEDY, seed, 0);
    }

    /** Steps until nothing is in flight; all outcomes in order. */
    private static List<BatchOutcome> finish(ContinuousBatch batch) {
        while (batch.step()) {
            // until all have ended
        }
        List<BatchOutcome> outcomes = new ArrayList<>();
        for (BatchOutcome outcome = batch.poll(); outcome != null; outcome = batch.poll()) {
            outcomes.add(outcome);
        }
        return outcomes;
    }

    private static Completion completion(BatchOutcome outcome) {
        assertThat(outcome).isInstanceOf(BatchOutcome.Completed.class);
        return ((BatchOutcome.Completed) outcome).completion();
    }

    /** How many in front of the list are computed at the same time. */
    private static List<Boolean> waiting(List<InFlight> all) {
        return all.stream().map(InFlight::isWaiting).toList();
    }

    @Test
    void requestsAreCompletedAsAGeneratorDoes() {
        ContinuousBatch batch = batch(4, 8);
        List<InFlight> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(batch.submit(request(i, 1 + 3 * i, 20), 0));
        }
        assertThat(waiting(all)).containsOnly(true);
        List<BatchOutcome> outcomes = finish(batch);
        assertThat(outcomes).extracting(BatchOutcome::inFlight).containsExactlyInAnyOrderElementsOf(all);
        for (BatchOutcome outcome : outcomes) {
            Completion expected = generator.generate(outcome.inFlight().request());
            Completion completion = completion(outcome);
            assertThat(completion.tokenIds()).containsExactly(expected.tokenIds());
            assertThat(completion.text()).isEqualTo(expected.text());
            assertThat(completion.stopReason()).isEqualTo(expected.stopReason());
            assertThat(completion.queueNanos()).isPositive();
            assertThat(completion.timeToFirstTokenNanos() > 0).isEqualTo(expected.tokenIds().length > 0);
            assertThat(completion.generationNanos()).isGreaterThanOrEqualTo(completion.timeToFirstTokenNanos());
            assertThat(outcome.inFlight().hasEnded()).isTrue();
        }
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.step()).isFalse();
        assertThat(batch.poll()).isNull();
    }

    @Test
    void aSequenceJoinsAtTheNextStepAndItsPlaceIsFreeWhenItLeaves() {
        ContinuousBatch batch = batch(2, 64);
        InFlight first = batch.submit(request(1, 10, 3), 0);
        batch.step();
        InFlight second = batch.submit(request(2, 10, 30), 0);
        InFlight third = batch.submit(request(3, 10, 30), 0);
        assertThat(batch.isFull()).isTrue();
        batch.step();
        assertThat(waiting(List.of(first, second, third))).containsExactly(false, false, true);
        assertThat(first.generatedCount()).isEqualTo(2);
        assertThat(second.generatedCount()).isEqualTo(1);
        assertThat(batch.metrics().lastStepRows()).isEqualTo(1 + 10);
        assertThat(batch.metrics().lastStepPromptRows()).isEqualTo(10);
        batch.step();
        assertThat(batch.poll().inFlight()).isSameAs(first);
        assertThat(batch.runningCount()).isEqualTo(1);
        batch.step();
        assertThat(third.isWaiting()).isFalse();
        assertThat(batch.inFlight()).containsExactly(second, third);
    }

    @Test
    void lowerPrioritiesEnterFirstAndEqualOnesAsTheyCame() {
        ContinuousBatch batch = batch(1, 64);
        int[] priorities = {5, 0, 5, -3, 0, Integer.MAX_VALUE, Integer.MIN_VALUE};
        List<InFlight> all = new ArrayList<>();
        for (int i = 0; i < priorities.length; i++) {
            all.add(batch.submit(request(i, 5, 2), priorities[i]));
        }
        List<InFlight> expected =
                List.of(all.get(6), all.get(3), all.get(1), all.get(4), all.get(0), all.get(2), all.get(5));
        assertThat(batch.inFlight()).isEqualTo(expected);
        assertThat(finish(batch)).extracting(BatchOutcome::inFlight).isEqualTo(expected);
    }

    @Test
    void thePrefillChunkIsSharedEquallyAndWhatIsLeftGoesToTheFirst() {
        ContinuousBatch batch = batch(4, 11);
        List<InFlight> all = List.of(
                batch.submit(request(1, 50, 5), 0),
                batch.submit(request(2, 2, 5), 0),
                batch.submit(request(3, 20, 5), 0));
        // Three each, of which the short one takes two; of the three that are left the first gets two.
        batch.step();
        assertThat(all).extracting(i -> i.cache.length()).containsExactly(5, 2, 4);
        batch.step();
        assertThat(all).extracting(i -> i.cache.length()).containsExactly(11, 3, 9);
        assertThat(batch.metrics().lastStepRows()).isEqualTo(12);
        assertThat(batch.metrics().lastStepPromptRows()).isEqualTo(11);
    }

    @Test
    void aChunkOfOneRowComputesThePromptsOneAfterTheOther() {
        ContinuousBatch batch = batch(3, 1);
        for (int i = 0; i < 3; i++) {
            batch.submit(request(i, 20, 4), 0);
        }
        assertThat(finish(batch))
                .hasSize(3)
                .allSatisfy(outcome -> assertThat(completion(outcome).tokenIds())
                        .containsExactly(
                                generator.generate(outcome.inFlight().request()).tokenIds()));
    }

    @Test
    void aRequestEntersOnlyWhenItsCacheFitsToItsEndAndNoneOvertakesIt() {
        long block = KvBlocks.blockBytes(toy.config());
        ContinuousBatch batch = new ContinuousBatch(
                toy, options(8, 300).withKvCacheBytes(6 * block).withPrefixCacheBytes(0));
        // 1, 4, 2 and 1 blocks in the end.
        List<InFlight> all = List.of(
                batch.submit(request(1, 10, 55), 0),
                batch.submit(request(2, 10, 247), 0),
                batch.submit(request(3, 65, 20), 0),
                batch.submit(request(4, 10, 5), 0));
        batch.step();
        assertThat(waiting(all)).containsExactly(false, false, true, true);
        assertThat(batch.metrics().kvBytesUsed()).isEqualTo(2 * block);
        assertThat(batch.metrics().kvBytesFree()).isEqualTo(4 * block);
        assertThat(batch.metrics().kvBytesTotal()).isEqualTo(6 * block);
        batch.cancel(all.get(0));
        batch.step();
        assertThat(waiting(all)).containsExactly(false, false, false, true);
        batch.cancel(all.get(1));
        batch.step();
        assertThat(waiting(all)).containsExactly(false, false, false, false);
    }

    @Test
    void sixtyFourShortSequencesFitWhereOneLongOneDoes() {
        long block = KvBlocks.blockBytes(toy.config());
        ContinuousBatch batch = new ContinuousBatch(
                toy, options(64, 64).withKvCacheBytes(64 * block).withPrefixCacheBytes(0));
        for (int i = 0; i < 64; i++) {
            batch.submit(request(i, 1, 60), 0);
        }
        batch.step();
        assertThat(batch.runningCount()).isEqualTo(64);
        assertThat(batch.metrics().kvBytesUsed()).isEqualTo(64 * block);
    }

    @Test
    void aRequestForNoTokensHasEndedWhenItIsSubmitted() {
        ContinuousBatch batch = batch(1, 64);
        InFlight running = batch.submit(request(1, 5, 5), 0);
        InFlight nothing = batch.submit(request(2, ToyModel.CONTEXT, 0), 9);
        assertThat(nothing.hasEnded()).isTrue();
        Completion completion = completion(batch.poll());
        assertThat(completion.tokenIds()).isEmpty();
        assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_TOKENS);
        assertThat(completion.promptTokens()).isEqualTo(ToyModel.CONTEXT);
        assertThat(batch.inFlight()).containsExactly(running);
    }

    @Test
    void rule1_3_whatDoesNotKeepToTheLimitsIsRefusedAndChangesNothing() {
        ContinuousBatch batch = batch(2, 64);
        assertThatThrownBy(() -> batch.submit(request(1, ToyModel.CONTEXT, 1), 0))
                .isInstanceOf(PromptTooLongException.class);
        GenerationRequest valid = request(1, 5, 50);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> batch.resume(valid, 0, new int[] {1, 97}))
                .withMessage("generated token id at index 1: found 97, expected 0..96 (the model's vocabulary)");
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.poll()).isNull();
    }

    @Test
    void optionsThatCannotWorkAreRefusedByName() {
        long block = KvBlocks.blockBytes(toy.config());
        BatchOptions small = options(4, 8).withKvCacheBytes(5 * block - 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContinuousBatch(toy, small))
                .withMessageContaining("kv-cache.bytes: found 122879, expected at least 122880")
                .withMessageContaining("max-context of 300");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContinuousBatch(toy, new BatchOptions(301, 1, 1, Long.MAX_VALUE, 0)))
                .withMessageContaining("max-context: found 301");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(0, 1))
                .withMessage("batch.size: found 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> options(1, 0))
                .withMessage("prefill.chunk: found 0, expected 1 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> small.withPrefixCacheBytes(-1))
                .withMessage("prefix-cache.bytes: found -1, expected 0 or more");
        assertThatIllegalArgumentException().isThrownBy(() -> small.withKvCacheBytes(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BatchOptions(1, Integer.MAX_VALUE, 1, 1, 0))
                .withMessageContaining("too many rows");
    }

    @Test
    void rule4_2_aCancelledRequestEndsAtOnceWithWhatItHas() {
        ContinuousBatch batch = batch(2, 64);
        InFlight running = batch.submit(request(1, 70, 50), 0);
        InFlight other = batch.submit(request(2, 10, 50), 0);
        InFlight waiting = batch.submit(request(3, 10, 50), 0);
        for (int i = 0; i < 5; i++) {
            batch.step();
        }
        int[] soFar = running.generatedTokenIds();
        assertThat(batch.cancel(waiting)).isTrue();
        assertThat(batch.cancel(running)).isTrue();
        assertThat(batch.cancel(running)).isFalse();
        assertThat(batch.inFlight()).containsExactly(other);

        BatchOutcome first = batch.poll();
        assertThat(first.inFlight()).isSameAs(waiting);
        assertThat(completion(first).tokenIds()).isEmpty();
        assertThat(completion(first).timeToFirstTokenNanos()).isZero();
        BatchOutcome second = batch.poll();
        assertThat(second.inFlight()).isSameAs(running);
        assertThat(completion(second).tokenIds()).containsExactly(soFar).hasSizeGreaterThan(2);
        assertThat(completion(second).stopReason()).isEqualTo(StopReason.CANCELLED);
        assertThat(completion(second).stopReason().finishReason()).isEqualTo(FinishReason.CANCELLED);

        InFlight foreign = batch(1, 1).submit(request(1, 5, 5), 0);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> batch.cancel(foreign))
                .withMessage("the request is in flight, but not in this batch");
        assertThat(completion(finish(batch).get(0)).tokenIds())
                .containsExactly(generator.generate(other.request()).tokenIds());
    }

    @Test
    void aSequenceWithoutNumbersFailsAloneAndGivesItsPlaceUp() {
        Pretrained damaged = ToyModel.open(directory.resolve("damaged"), Kernels.best(), POISON);
        ContinuousBatch batch = new ContinuousBatch(damaged, options(3, 64));
        batch.submit(request(1, 20, 10), 0);
        int[] poisoned = request(2, 80, 0).promptTokenIds().clone();
        poisoned[70] = POISON;
        GenerationRequest bad = new GenerationRequest(poisoned, 10, SamplingParameters.GREEDY, 0, 0);
        InFlight failing = batch.submit(bad, 0);
        batch.submit(request(3, 20, 10), 0);
        batch.submit(bad, 0);
        batch.submit(request(4, 20, 10), 0);
        List<BatchOutcome> outcomes = finish(batch);
        assertThat(outcomes).hasSize(5);
        assertThat(outcomes.get(0)).isInstanceOfSatisfying(BatchOutcome.Failed.class, failed -> {
            assertThat(failed.inFlight()).isSameAs(failing);
            assertThat(failed.cause())
                    .isInstanceOf(ArithmeticException.class)
                    .hasMessageContaining("no token can be chosen at step 0");
        });
        assertThat(failing.hasEnded()).isTrue();
        assertThat(outcomes.stream().filter(BatchOutcome.Completed.class::isInstance))
                .hasSize(3)
                .allSatisfy(outcome -> assertThat(completion(outcome).tokenIds())
                        .containsExactly(
                                generator.generate(outcome.inFlight().request()).tokenIds()));
        assertThat(batch.metrics().kvBytesUsed()).isZero();
    }

    @Test
    void rule4_4_anInterruptedRequestGoesOnBitForBitAfterAnyOfItsTokens() {
        GenerationRequest request = new GenerationRequest(
                request(5, 60, 0).promptTokenIds(), 40, new SamplingParameters(1.3, 0, 0.98), 8, 2);
        Completion whole = generator.generate(request);
        for (int done = 0; done <= whole.tokenIds().length; done++) {
            ContinuousBatch batch = batch(1, 7);
            batch.resume(request, 0, Arrays.copyOf(whole.tokenIds(), done));
            Completion rest = completion(finish(batch).get(0));
            assertThat(rest.tokenIds()).as("after %d", done).containsExactly(whole.tokenIds());
            assertThat(rest.stopReason()).isEqualTo(whole.stopReason());
            assertThat(rest.promptTokens()).isEqualTo(60);
        }
    }

    @Test
    void aRequestThatIsResumedWithASmallerContextEndsWhereThatEnds() {
        GenerationRequest request = request(9, 10, 100);
        ContinuousBatch smaller = new ContinuousBatch(toy, BatchOptions.roomy(toy.config(), 30, 1, 8));
        int[] all = generator.generate(request).tokenIds();
        assertThat(all.length).isGreaterThan(40);
        InFlight resumed = smaller.resume(request, 0, Arrays.copyOf(all, 40));
        assertThat(resumed.hasEnded()).isTrue();
        Completion completion = completion(smaller.poll());
        assertThat(completion.tokenIds()).containsExactly(Arrays.copyOf(all, 20));
        assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_CONTEXT);
    }

    @Test
    void theMetricsCountWhatWasDone() {
        ContinuousBatch batch = batch(4, 16);
        for (int i = 0; i < 6; i++) {
            batch.submit(request(i + 20, 10, 5), 0);
        }
        List<BatchOutcome> outcomes = finish(batch);
        BatchMetrics metrics = batch.metrics();
        int generated =
                outcomes.stream().mapToInt(o -> completion(o).tokenIds().length).sum();
        int cached =
                outcomes.stream().mapToInt(o -> completion(o).cachedTokens()).sum();
        assertThat(metrics.admitted()).isEqualTo(6);
        assertThat(metrics.promptTokens()).isEqualTo(60);
        assertThat(metrics.cachedTokens()).isEqualTo(cached);
        assertThat(metrics.generatedTokens()).isEqualTo(generated);
        assertThat(metrics.steps()).isPositive();
        assertThat(metrics.rows()).isBetween(60L - cached, 60L + generated);
        assertThat(metrics.evictedBlocks()).isZero();
        assertThat(metrics.kvBytesIdle()).isPositive();
    }
}
