package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.SamplingParameters;
import io.flinkgpt2.tensor.Kernels;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts that begin alike, in one batch and across time. */
class SharedPrefixTest {

    @TempDir
    static Path directory;

    private static Pretrained toy;

    @BeforeAll
    static void open() {
        toy = ToyModel.open(directory, Kernels.best());
    }

    private static int[] ids(long seed, int n) {
        return new SplittableRandom(seed).ints(n, 1, ToyModel.VOCABULARY).toArray();
    }

    private static GenerationRequest request(int[] stem, int shared, long seed, int own, int maxTokens) {
        // The first own token differs from the stem's and from that of the neighbours.
        int[] tail = ids(seed, own);
        if (own > 1) {
            tail[0] = (int) (1 + seed % 90);
            tail[1] = (int) (1 + seed / 90);
        }
        int[] prompt = IntStream.concat(Arrays.stream(stem, 0, shared), Arrays.stream(tail))
                .toArray();
        return new GenerationRequest(prompt, maxTokens, new SamplingParameters(1.1, 0, 1), seed, 0);
    }

    private static BatchOptions options(int batchSize) {
        return BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, batchSize, 128);
    }

    private static List<Completion> finish(ContinuousBatch batch, List<InFlight> all) {
        while (batch.step()) {
            // until all have ended
        }
        Completion[] completions = new Completion[all.size()];
        for (BatchOutcome outcome = batch.poll(); outcome != null; outcome = batch.poll()) {
            completions[all.indexOf(outcome.inFlight())] = ((BatchOutcome.Completed) outcome).completion();
        }
        return List.of(completions);
    }

    private static int[] cachedTokens(List<Completion> completions) {
        return completions.stream().mapToInt(Completion::cachedTokens).toArray();
    }

    @Test
    void rule4_4_aSharedPrefixOf256PromptsIsComputedOnce() {
        int[] stem = ids(1, 200);
        List<List<Completion>> runs = new ArrayList<>();
        List<Long> rows = new ArrayList<>();
        for (BatchOptions options : List.of(options(32), options(32).withPrefixCacheBytes(0))) {
            ContinuousBatch batch = new ContinuousBatch(toy, options);
            List<InFlight> all = new ArrayList<>();
            for (int i = 0; i < 256; i++) {
                all.add(batch.submit(request(stem, 200, i, 8, 16), 0));
            }
            runs.add(finish(batch, all));
            rows.add(batch.metrics().rows());
        }
        for (int i = 0; i < 256; i++) {
            assertThat(runs.get(0).get(i).tokenIds())
                    .containsExactly(runs.get(1).get(i).tokenIds());
            assertThat(runs.get(0).get(i).text()).isEqualTo(runs.get(1).get(i).text());
            assertThat(runs.get(0).get(i).cachedTokens()).isGreaterThanOrEqualTo(i == 0 ? 0 : 200);
            assertThat(runs.get(1).get(i).cachedTokens()).isZero();
        }
        assertThat(Arrays.stream(cachedTokens(runs.get(0))).sum()).isGreaterThanOrEqualTo(200 * 255);
        // Prompts 208 + 255 x 8 instead of 256 x 208, and at most 15 rows each to generate 16 tokens.
        assertThat(rows.get(1) - rows.get(0)).isGreaterThanOrEqualTo(200 * 255);
        assertThat(rows.get(1)).isGreaterThanOrEqualTo(7 * rows.get(0));
    }

    @Test
    void choicesOfOnePromptComputeItOnce() {
        ContinuousBatch batch = new ContinuousBatch(toy, options(8));
        int[] prompt = ids(2, 150);
        List<InFlight> all = new ArrayList<>();
        for (int choice = 0; choice < 8; choice++) {
            all.add(batch.submit(new GenerationRequest(prompt, 5, new SamplingParameters(1, 0, 1), 1, choice), 0));
        }
        assertThat(cachedTokens(finish(batch, all))).containsExactly(0, 149, 149, 149, 149, 149, 149, 149);
    }

    @Test
    void aPrefixIsFoundAgainLongAfterItsSequenceLeft() {
        ContinuousBatch batch = new ContinuousBatch(toy, options(2));
        int[] stem = ids(3, 200);
        for (int[] sharedAndExpected :
                new int[][] {{200, 0}, {200, 200}, {130, 130}, {64, 64}, {63, 63}, {1, 1}, {0, 0}}) {
            InFlight next = batch.submit(request(stem, sharedAndExpected[0], sharedAndExpected[0] + 5, 8, 4), 0);
            int cached = finish(batch, List.of(next)).get(0).cachedTokens();
            assertThat(cached).as("shared %d", sharedAndExpected[0]).isBetween(sharedAndExpected[1], 208);
            if (sharedAndExpected[1] == 0 && sharedAndExpected[0] == 200) {
                assertThat(cached).isZero();
            }
        }
    }

    @Test
    void withoutABudgetOnlyThoseThatRunTogetherShare() {
        ContinuousBatch batch = new ContinuousBatch(toy, options(2).withPrefixCacheBytes(1));
        int[] stem = ids(3, 200);
        List<InFlight> pair =
                List.of(batch.submit(request(stem, 200, 5, 8, 20), 0), batch.submit(request(stem, 200, 6, 8, 20), 0));
        assertThat(cachedTokens(finish(batch, pair))).containsExactly(0, 200);
        assertThat(batch.metrics().kvBytesIdle()).isZero();
        InFlight later = batch.submit(request(stem, 200, 7, 8, 4), 0);
        assertThat(cachedTokens(finish(batch, List.of(later)))).containsExactly(0);
    }

    @Test
    void aWaitingPromptIsHeldBackOnlyAsLongAsItsPrefixIsInTheMaking() {
        ContinuousBatch batch = new ContinuousBatch(toy, options(4));
        int[] stem = ids(4, 290);
        InFlight first = batch.submit(request(stem, 290, 1, 0, 9), 0);
        InFlight second = batch.submit(request(stem, 70, 2, 8, 9), 0);
        InFlight third = batch.submit(request(ids(9, 10), 10, 3, 0, 9), 0);
        batch.step();
        assertThat(first.cache.length()).isEqualTo(128);
        assertThat(second.isWaiting()).isTrue();
        assertThat(third.isWaiting()).as("none overtakes").isTrue();
        batch.step();
        assertThat(second.isWaiting()).as("all that it shares is there").isFalse();
        assertThat(second.cachedTokens).isEqualTo(70);
        assertThat(third.isWaiting()).isFalse();
    }

    @Test
    void whoWaitsForAPrefixGoesOnWhenTheOneThatMakesItIsCancelled() {
        ContinuousBatch batch = new ContinuousBatch(toy, options(4));
        int[] stem = ids(4, 200);
        InFlight first = batch.submit(request(stem, 200, 1, 8, 9), 0);
        InFlight second = batch.submit(request(stem, 200, 2, 8, 9), 0);
        batch.step();
        assertThat(second.isWaiting()).isTrue();
        batch.cancel(first);
        batch.step();
        assertThat(second.isWaiting()).isFalse();
        assertThat(second.cachedTokens)
                .as("what was computed before it was cancelled")
                .isEqualTo(128);
    }

    @Test
    void aPromptThatSharesLittleDoesNotWait() {
        ContinuousBatch batch = new ContinuousBatch(toy, options(4));
        int[] stem = ids(4, 200);
        batch.submit(request(stem, 200, 1, 8, 9), 0);
        InFlight second = batch.submit(request(stem, 15, 2, 8, 9), 0);
        InFlight third = batch.submit(request(stem, 16, 3, 8, 9), 0);
        batch.step();
        assertThat(second.isWaiting()).isFalse();
        assertThat(third.isWaiting()).isTrue();
    }

    @Test
    void idlePrefixesGiveWayToSequences() {
        long block = KvBlocks.blockBytes(toy.config());
        BatchOptions tight = options(2).withKvCacheBytes(6 * block);
        ContinuousBatch batch = new ContinuousBatch(toy, tight);
        for (int i = 0; i < 20; i++) {
            GenerationRequest request = request(ids(i, 250), 250, i, 0, 30);
            List<Completion> completions = finish(batch, List.of(batch.submit(request, 0)));
            assertThat(completions.get(0).tokenIds())
                    .containsExactly(new Generator(toy, ToyModel.CONTEXT, 64)
                            .generate(request)
                            .tokenIds());
            assertThat(batch.metrics().kvBytesIdle()).isBetween(4 * block, 6 * block);
        }
        assertThat(batch.metrics().evictedBlocks()).isGreaterThan(50);
    }

    @Test
    void sharedBlocksAreCountedOnceWhenSequencesAreAdmitted() {
        long block = KvBlocks.blockBytes(toy.config());
        // Each takes five blocks alone; four of them are the same.
        ContinuousBatch batch = new ContinuousBatch(toy, options(8).withKvCacheBytes(10 * block));
        int[] stem = ids(6, 256);
        List<InFlight> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(batch.submit(request(stem, 256, i, 8, 30), 0));
        }
        int most = 0;
        while (batch.step()) {
            most = Math.max(most, batch.runningCount());
        }
        assertThat(most).isEqualTo(6);
        assertThat(finish(batch, all)).hasSize(8);
    }
}
