package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
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

    private static TestRequest request(int[] stem, int shared, long seed, int own, int maxTokens) {
        // The first own token differs from the stem's and from that of the neighbours.
        int[] tail = ids(seed, own);
        if (own > 1) {
            tail[0] = (int) (1 + seed % 90);
            tail[1] = (int) (1 + seed / 90);
        }
        int[] prompt = IntStream.concat(Arrays.stream(stem, 0, shared), Arrays.stream(tail))
                .toArray();
        return new TestRequest(
                prompt,
                GenerationParameters.builder()
                        .setMaxTokens(maxTokens)
                        .setTemperature(1.1)
                        .setSeed(seed)
                        .build());
    }

    private static BatchOptions options(int batchSize) {
        return BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, batchSize, 128);
    }

    private static List<Completion> finish(ContinuousBatch batch, List<RequestGroup> all) {
        while (batch.step()) {
            // until all have ended
        }
        Completion[] completions = new Completion[all.size()];
        for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
            completions[all.indexOf(ended)] = ended.completions().get(0);
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
            ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), options);
            List<RequestGroup> all = new ArrayList<>();
            for (int i = 0; i < 256; i++) {
                all.add(request(stem, 200, i, 8, 16).submitTo(batch));
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
        ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), options(8));
        int[] prompt = ids(2, 150);
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(5)
                .setSeed(1)
                .setChoices(8)
                .build();
        TestRequest request = new TestRequest(prompt, parameters);
        RequestGroup group = request.submitTo(batch);
        finish(batch, List.of(group));
        assertThat(cachedTokens(group.completions())).containsExactly(0, 149, 149, 149, 149, 149, 149, 149);
        PlainGenerator alone = new PlainGenerator(toy, ToyModel.CONTEXT, 64);
        for (Completion completion : group.completions()) {
            assertThat(completion.tokenIds())
                    .containsExactly(
                            alone.complete(request, completion.choice()).tokenIds());
        }
        assertThat(group.completions().stream().map(completion -> Arrays.toString(completion.tokenIds())))
                .doesNotHaveDuplicates();
    }

    @Test
    void aPrefixIsFoundAgainLongAfterItsSequenceLeft() {
        ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), options(2));
        int[] stem = ids(3, 200);
        for (int[] sharedAndExpected :
                new int[][] {{200, 0}, {200, 200}, {130, 130}, {64, 64}, {63, 63}, {1, 1}, {0, 0}}) {
            RequestGroup next = request(stem, sharedAndExpected[0], sharedAndExpected[0] + 5, 8, 4)
                    .submitTo(batch);
            int cached = finish(batch, List.of(next)).get(0).cachedTokens();
            assertThat(cached).as("shared %d", sharedAndExpected[0]).isBetween(sharedAndExpected[1], 208);
            if (sharedAndExpected[1] == 0 && sharedAndExpected[0] == 200) {
                assertThat(cached).isZero();
            }
        }
    }

    @Test
    void withoutABudgetOnlyThoseThatRunTogetherShare() {
        ContinuousBatch batch =
                new ContinuousBatch(toy.model(), toy.tokenizer(), options(2).withPrefixCacheBytes(1));
        int[] stem = ids(3, 200);
        List<RequestGroup> pair = List.of(
                request(stem, 200, 5, 8, 20).submitTo(batch),
                request(stem, 200, 6, 8, 20).submitTo(batch));
        assertThat(cachedTokens(finish(batch, pair))).containsExactly(0, 200);
        assertThat(batch.metrics().kvBytesIdle()).isZero();
        RequestGroup later = request(stem, 200, 7, 8, 4).submitTo(batch);
        assertThat(cachedTokens(finish(batch, List.of(later)))).containsExactly(0);
    }

    @Test
    void aWaitingPromptIsHeldBackOnlyAsLongAsItsPrefixIsInTheMaking() {
        ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), options(4));
        int[] stem = ids(4, 290);
        RequestGroup first = request(stem, 290, 1, 0, 9).submitTo(batch);
        RequestGroup second = request(stem, 70, 2, 8, 9).submitTo(batch);
        RequestGroup third = request(ids(9, 10), 10, 3, 0, 9).submitTo(batch);
        batch.step();
        assertThat(TestRequest.positions(first)).isEqualTo(128);
        assertThat(second.isWaiting()).isTrue();
        assertThat(third.isWaiting()).as("none overtakes").isTrue();
        batch.step();
        assertThat(second.isWaiting()).as("all that it shares is there").isFalse();
        assertThat(second.choices().get(0).cachedTokens()).isEqualTo(70);
        assertThat(third.isWaiting()).isFalse();
    }

    @Test
    void whoWaitsForAPrefixGoesOnWhenTheOneThatMakesItIsCancelled() {
        ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), options(4));
        int[] stem = ids(4, 200);
        RequestGroup first = request(stem, 200, 1, 8, 9).submitTo(batch);
        RequestGroup second = request(stem, 200, 2, 8, 9).submitTo(batch);
        batch.step();
        assertThat(second.isWaiting()).isTrue();
        batch.cancel(first);
        batch.step();
        assertThat(second.isWaiting()).isFalse();
        assertThat(second.choices().get(0).cachedTokens())
                .as("what was computed before it was cancelled")
                .isEqualTo(128);
    }

    @Test
    void aPromptThatSharesLittleDoesNotWait() {
        ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), options(4));
        int[] stem = ids(4, 200);
        request(stem, 200, 1, 8, 9).submitTo(batch);
        RequestGroup second = request(stem, 15, 2, 8, 9).submitTo(batch);
        RequestGroup third = request(stem, 16, 3, 8, 9).submitTo(batch);
        batch.step();
        assertThat(second.isWaiting()).isFalse();
        assertThat(third.isWaiting()).isTrue();
    }

    @Test
    void idlePrefixesGiveWayToSequences() {
        long block = KvBlocks.blockBytes(toy.config());
        BatchOptions tight = options(2).withKvCacheBytes(6 * block);
        ContinuousBatch batch = new ContinuousBatch(toy.model(), toy.tokenizer(), tight);
        for (int i = 0; i < 20; i++) {
            TestRequest request = request(ids(i, 250), 250, i, 0, 30);
            List<Completion> completions = finish(batch, List.of(request.submitTo(batch)));
            assertThat(completions.get(0).tokenIds())
                    .containsExactly(new PlainGenerator(toy, ToyModel.CONTEXT, 64)
                            .complete(request)
                            .tokenIds());
            assertThat(batch.metrics().kvBytesIdle()).isBetween(4 * block, 6 * block);
        }
        assertThat(batch.metrics().evictedBlocks()).isGreaterThan(50);
    }

    @Test
    void sharedBlocksAreCountedOnceWhenSequencesAreAdmitted() {
        long block = KvBlocks.blockBytes(toy.config());
        // Each takes five blocks alone; four of them are the same.
        ContinuousBatch batch =
                new ContinuousBatch(toy.model(), toy.tokenizer(), options(8).withKvCacheBytes(10 * block));
        int[] stem = ids(6, 256);
        List<RequestGroup> all = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(request(stem, 256, i, 8, 30).submitTo(batch));
        }
        int most = 0;
        while (batch.step()) {
            most = Math.max(most, batch.runningCount());
        }
        assertThat(most).isEqualTo(6);
        assertThat(finish(batch, all)).hasSize(8);
    }
}
