package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
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
    private static PlainGenerator generator;

    @BeforeAll
    static void open() {
        toy = ToyModel.open(directory.resolve("toy"), Kernels.best());
        generator = new PlainGenerator(toy, ToyModel.CONTEXT, 64);
    }

    private static BatchOptions options(int batchSize, int prefillChunk) {
        return BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, batchSize, prefillChunk);
    }

    private static ContinuousBatch batch(int batchSize, int prefillChunk) {
        return new ContinuousBatch(toy.model(), toy.tokenizer(), options(batchSize, prefillChunk));
    }

    private static TestRequest request(long seed, int promptLength, int maxTokens) {
        int[] prompt = new SplittableRandom(seed).ints(promptLength, 1, POISON).toArray();
        return TestRequest.greedy(prompt, maxTokens);
    }

    /** Steps until nothing is in flight; all outcomes in order. */
    private static List<RequestGroup> finish(ContinuousBatch batch) {
        while (batch.step()) {
            // until all have ended
        }
        List<RequestGroup> outcomes = new ArrayList<>();
        for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
            outcomes.add(ended);
        }
        return outcomes;
    }

    private static Completion completion(RequestGroup ended) {
        assertThat(ended.failure()).isNull();
        return ended.completions().get(0);
    }

    /** How many in front of the list are computed at the same time. */
    private static List<Boolean> waiting(List<RequestGroup> all) {
        return all.stream().map(RequestGroup::isWaiting).toList();
    }

    @Test
    void requestsAreCompletedAsAGeneratorDoes() {
        ContinuousBatch batch = batch(4, 8);
        List<RequestGroup> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            all.add(request(i, 1 + 3 * i, 20).submitTo(batch));
        }
        assertThat(waiting(all)).containsOnly(true);
        List<RequestGroup> outcomes = finish(batch);
        assertThat(outcomes).containsExactlyInAnyOrderElementsOf(all);
        for (RequestGroup ended : outcomes) {
            Completion expected = generator.complete(TestRequest.of(ended));
            Completion completion = completion(ended);
            assertThat(completion.tokenIds()).containsExactly(expected.tokenIds());
            assertThat(completion.text()).isEqualTo(expected.text());
            assertThat(completion.stopReason()).isEqualTo(expected.stopReason());
            assertThat(completion.queueNanos()).isPositive();
            assertThat(completion.timeToFirstTokenNanos() > 0).isEqualTo(expected.tokenIds().length > 0);
            assertThat(completion.generationNanos()).isGreaterThanOrEqualTo(completion.timeToFirstTokenNanos());
            assertThat(ended.hasEnded()).isTrue();
        }
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.step()).isFalse();
        assertThat(batch.poll()).isNull();
    }

    @Test
    void aSequenceJoinsAtTheNextStepAndItsPlaceIsFreeWhenItLeaves() {
        ContinuousBatch batch = batch(2, 64);
        RequestGroup first = request(1, 10, 3).submitTo(batch);
        batch.step();
        RequestGroup second = request(2, 10, 30).submitTo(batch);
        RequestGroup third = request(3, 10, 30).submitTo(batch);
        assertThat(batch.isFull()).isTrue();
        batch.step();
        assertThat(waiting(List.of(first, second, third))).containsExactly(false, false, true);
        assertThat(first.generatedCount()).isEqualTo(2);
        assertThat(second.generatedCount()).isEqualTo(1);
        assertThat(batch.metrics().lastStepRows()).isEqualTo(1 + 10);
        assertThat(batch.metrics().lastStepPromptRows()).isEqualTo(10);
        batch.step();
        assertThat(batch.poll()).isSameAs(first);
        assertThat(batch.runningCount()).isEqualTo(1);
        batch.step();
        assertThat(third.isWaiting()).isFalse();
        assertThat(batch.inFlight()).containsExactly(second, third);
    }

    @Test
    void lowerPrioritiesEnterFirstAndEqualOnesAsTheyCame() {
        ContinuousBatch batch = batch(1, 64);
        int[] priorities = {5, 0, 5, -3, 0, Integer.MAX_VALUE, Integer.MIN_VALUE};
        List<RequestGroup> all = new ArrayList<>();
        for (int i = 0; i < priorities.length; i++) {
            all.add(request(i, 5, 2).submitTo(batch, priorities[i]));
        }
        List<RequestGroup> expected =
                List.of(all.get(6), all.get(3), all.get(1), all.get(4), all.get(0), all.get(2), all.get(5));
        assertThat(batch.inFlight()).isEqualTo(expected);
        assertThat(finish(batch)).isEqualTo(expected);
    }

    @Test
    void thePrefillChunkIsSharedEquallyAndWhatIsLeftGoesToTheFirst() {
        ContinuousBatch batch = batch(4, 11);
        List<RequestGroup> all = List.of(
                request(1, 50, 5).submitTo(batch),
                request(2, 2, 5).submitTo(batch),
                request(3, 20, 5).submitTo(batch));
        // Three each, of which the short one takes two; of the three that are left the first gets two.
        batch.step();
        assertThat(all).extracting(TestRequest::positions).containsExactly(5, 2, 4);
        batch.step();
        assertThat(all).extracting(TestRequest::positions).containsExactly(11, 3, 9);
        assertThat(batch.metrics().lastStepRows()).isEqualTo(12);
        assertThat(batch.metrics().lastStepPromptRows()).isEqualTo(11);
    }

    @Test
    void aChunkOfOneRowComputesThePromptsOneAfterTheOther() {
        ContinuousBatch batch = batch(3, 1);
        for (int i = 0; i < 3; i++) {
            request(i, 20, 4).submitTo(batch);
        }
        assertThat(finish(batch))
                .hasSize(3)
                .allSatisfy(ended -> assertThat(completion(ended).tokenIds())
                        .containsExactly(
                                generator.complete(TestRequest.of(ended)).tokenIds()));
    }

    @Test
    void aRequestEntersOnlyWhenItsCacheFitsToItsEndAndNoneOvertakesIt() {
        long block = KvBlocks.blockBytes(toy.config());
        ContinuousBatch batch = new ContinuousBatch(
                toy.model(),
                toy.tokenizer(),
                options(8, 300).withKvCacheBytes(6 * block).withPrefixCacheBytes(0));
        // 1, 4, 2 and 1 blocks in the end.
        List<RequestGroup> all = List.of(
                request(1, 10, 55).submitTo(batch),
                request(2, 10, 247).submitTo(batch),
                request(3, 65, 20).submitTo(batch),
                request(4, 10, 5).submitTo(batch));
        batch.step();
        assertThat(waiting(all)).containsExactly(false, false, true, true);
        assertThat(batch.metrics().kvBytesUsed()).isEqualTo(2 * block);
        assertThat(batch.metrics().kvBytesUnheld()).isEqualTo(4 * block);
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
                toy.model(),
                toy.tokenizer(),
                options(64, 64).withKvCacheBytes(64 * block).withPrefixCacheBytes(0));
        for (int i = 0; i < 64; i++) {
            request(i, 1, 60).submitTo(batch);
        }
        batch.step();
        assertThat(batch.runningCount()).isEqualTo(64);
        assertThat(batch.metrics().kvBytesUsed()).isEqualTo(64 * block);
    }

    @Test
    void aRequestForNoTokensHasEndedWhenItIsSubmitted() {
        ContinuousBatch batch = batch(1, 64);
        RequestGroup running = request(1, 5, 5).submitTo(batch);
        RequestGroup nothing = request(2, ToyModel.CONTEXT, 0).submitTo(batch, 9);
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
        assertThatThrownBy(() -> request(1, ToyModel.CONTEXT, 1).submitTo(batch))
                .isInstanceOf(PromptTooLongException.class);
        TestRequest valid = request(1, 5, 50);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> valid.resumeIn(batch, 0, List.of(new int[] {1, 97})))
                .withMessage("generated token id at index 1: found 97, expected 0..96 (the model's vocabulary)");
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.poll()).isNull();
    }

    @Test
    void optionsThatCannotWorkAreRefusedByName() {
        long block = KvBlocks.blockBytes(toy.config());
        BatchOptions small = options(4, 8).withKvCacheBytes(5 * block - 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContinuousBatch(toy.model(), toy.tokenizer(), small))
                .withMessageContaining("kv-cache.bytes: found 122879, expected at least 122880")
                .withMessageContaining("max-context of 300");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ContinuousBatch(
                        toy.model(), toy.tokenizer(), new BatchOptions(301, 1, 1, Long.MAX_VALUE, 0)))
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
        RequestGroup running = request(1, 70, 50).submitTo(batch);
        RequestGroup other = request(2, 10, 50).submitTo(batch);
        RequestGroup waiting = request(3, 10, 50).submitTo(batch);
        for (int i = 0; i < 5; i++) {
            batch.step();
        }
        int[] soFar = running.generatedTokenIds().get(0);
        assertThat(batch.cancel(waiting)).isTrue();
        assertThat(batch.cancel(running)).isTrue();
        assertThat(batch.cancel(running)).isFalse();
        assertThat(batch.inFlight()).containsExactly(other);

        RequestGroup first = batch.poll();
        assertThat(first).isSameAs(waiting);
        assertThat(completion(first).tokenIds()).isEmpty();
        assertThat(completion(first).timeToFirstTokenNanos()).isZero();
        RequestGroup second = batch.poll();
        assertThat(second).isSameAs(running);
        assertThat(completion(second).tokenIds()).containsExactly(soFar).hasSizeGreaterThan(2);
        assertThat(completion(second).stopReason()).isEqualTo(StopReason.CANCELLED);
        assertThat(completion(second).stopReason().finishReason()).isEqualTo(FinishReason.CANCELLED);

        RequestGroup foreign = request(1, 5, 5).submitTo(batch(1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> batch.cancel(foreign))
                .withMessage("the request is in flight, but not in this batch");
        assertThat(completion(finish(batch).get(0)).tokenIds())
                .containsExactly(generator.complete(TestRequest.of(other)).tokenIds());
    }

    @Test
    void aSequenceWithoutNumbersFailsAloneAndGivesItsPlaceUp() {
        Pretrained damaged = ToyModel.open(directory.resolve("damaged"), Kernels.best(), POISON);
        ContinuousBatch batch = new ContinuousBatch(damaged.model(), damaged.tokenizer(), options(3, 64));
        request(1, 20, 10).submitTo(batch);
        int[] poisoned = request(2, 80, 0).promptTokenIds().clone();
        poisoned[70] = POISON;
        TestRequest bad = TestRequest.greedy(poisoned, 10);
        RequestGroup failing = bad.submitTo(batch);
        request(3, 20, 10).submitTo(batch);
        bad.submitTo(batch);
        request(4, 20, 10).submitTo(batch);
        List<RequestGroup> outcomes = finish(batch);
        assertThat(outcomes).hasSize(5);
        assertThat(outcomes.get(0)).isSameAs(failing);
        assertThat(failing.failure())
                .isInstanceOf(ArithmeticException.class)
                .hasMessageContaining("no token can be chosen at step 0");
        assertThat(failing.completions()).isEmpty();
        assertThat(failing.hasEnded()).isTrue();
        assertThat(outcomes.stream().filter(ended -> ended.failure() == null))
                .hasSize(3)
                .allSatisfy(ended -> assertThat(completion(ended).tokenIds())
                        .containsExactly(
                                generator.complete(TestRequest.of(ended)).tokenIds()));
        assertThat(batch.metrics().kvBytesUsed()).isZero();
    }

    @Test
    void rule4_4_anInterruptedRequestGoesOnBitForBitAfterAnyOfItsTokens() {
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(40)
                .setTemperature(1.3)
                .setTopP(0.98)
                .setSeed(8)
                .build();
        TestRequest request = new TestRequest(request(5, 60, 0).promptTokenIds(), parameters);
        Completion whole = generator.complete(request);
        for (int done = 0; done <= whole.tokenIds().length; done++) {
            ContinuousBatch batch = batch(1, 7);
            request.resumeIn(batch, 0, List.of(Arrays.copyOf(whole.tokenIds(), done)));
            Completion rest = completion(finish(batch).get(0));
            assertThat(rest.tokenIds()).as("after %d", done).containsExactly(whole.tokenIds());
            assertThat(rest.stopReason()).isEqualTo(whole.stopReason());
            assertThat(rest.promptTokens()).isEqualTo(60);
        }
    }

    @Test
    void aRequestThatIsResumedWithASmallerContextEndsWhereThatEnds() {
        TestRequest request = request(9, 10, 100);
        ContinuousBatch smaller =
                new ContinuousBatch(toy.model(), toy.tokenizer(), BatchOptions.roomy(toy.config(), 30, 1, 8));
        int[] all = generator.complete(request).tokenIds();
        assertThat(all.length).isGreaterThan(40);
        RequestGroup resumed = request.resumeIn(smaller, 0, List.of(Arrays.copyOf(all, 40)));
        assertThat(resumed.hasEnded()).isTrue();
        Completion completion = completion(smaller.poll());
        assertThat(completion.tokenIds()).containsExactly(Arrays.copyOf(all, 20));
        assertThat(completion.stopReason()).isEqualTo(StopReason.MAX_CONTEXT);
    }

    @Test
    void theMetricsCountWhatWasDone() {
        ContinuousBatch batch = batch(4, 16);
        for (int i = 0; i < 6; i++) {
            request(i + 20, 10, 5).submitTo(batch);
        }
        List<RequestGroup> outcomes = finish(batch);
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
