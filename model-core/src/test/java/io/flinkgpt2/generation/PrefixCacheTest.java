package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.model.KvBlock;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.model.RandomWeights;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Kernels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PrefixCacheTest {

    private static final int LONGEST = 260;
    private static final int VOCABULARY = 50;
    private static final int PLENTY = 1000;

    private final Gpt2 model = model();
    private final KvBlocks pool = new KvBlocks(model.config(), (long) PLENTY * KvBlocks.blockBytes(model.config()));
    private final RaggedBatch batch = new RaggedBatch(LONGEST);
    private final ForwardState activations = new ForwardState(model, LONGEST, 1, LONGEST);
    private final PrefixMatch match = new PrefixMatch();

    private static Gpt2 model() {
        Gpt2Config config = new Gpt2Config(
                VOCABULARY, LONGEST, 1, 1, 1, 1, Activation.RELU, 1e-5f, true, false, true, OptionalInt.empty());
        try {
            RandomWeights weights = new RandomWeights(config, 1);
            return new Gpt2(config, Gpt2Weights.load(weights, config, Path.of("random")), Kernels.reference());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A running sequence that holds what it computed, or found, of a prompt. */
    private final class Running {
        final PrefixCache prefixes;
        final KvCache cache = new KvCache(pool, LONGEST);
        PrefixNode path;
        final int found;

        Running(PrefixCache prefixes, int[] prompt) {
            this.prefixes = prefixes;
            prefixes.find(prompt, prompt.length - 1, "", match);
            found = match.tokens();
            path = match.path;
            int whole = match.wholeBlocks;
            prefixes.adopt(match, cache);
            compute(prompt);
            for (int from = whole * 64; from < prompt.length; from += 64) {
                path = prefixes.register(path, prompt, from, Math.min(64, prompt.length - from), cache);
            }
        }

        private void compute(int[] prompt) {
            batch.clear();
            for (int p = cache.length(); p < prompt.length; p++) {
                batch.add(cache, p, prompt[p], false);
            }
            model.forward(batch, activations);
        }

        void end() {
            cache.reset();
            prefixes.release(path);
        }
    }

    private int found(PrefixCache prefixes, int[] tokens) {
        prefixes.find(tokens, tokens.length, "", match);
        return match.tokens();
    }

    private static int[] ids(long seed, int n) {
        return new SplittableRandom(seed).ints(n, 0, VOCABULARY).toArray();
    }

    /** {@code first}, up to {@code shared} tokens, and then others. */
    private static int[] fork(int[] first, int shared, int length, int next) {
        int[] tokens = Arrays.copyOf(first, length);
        for (int i = shared; i < length; i++) {
            tokens[i] = (first[Math.min(i, first.length - 1)] + next) % VOCABULARY;
        }
        return tokens;
    }

    @Test
    void theLongestCommonPrefixIsFoundAmongHundredsThatBeginAlike() {
        PrefixCache prefixes = new PrefixCache(pool, PLENTY);
        SplittableRandom random = new SplittableRandom(4);
        int[] stem = ids(1, 200);
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            int[] parent = prompts.isEmpty() ? stem : prompts.get(random.nextInt(prompts.size()));
            int shared = random.nextInt(parent.length + 1);
            int[] prompt = fork(parent, shared, Math.max(1, shared + random.nextInt(30)), 1 + random.nextInt(40));
            int expected = prompts.stream()
                    .mapToInt(other -> common(other, prompt))
                    .max()
                    .orElse(0);
            assertThat(found(prefixes, prompt)).as("prompt %d", i).isEqualTo(expected);
            Running running = new Running(prefixes, prompt);
            assertThat(running.found).isEqualTo(Math.min(expected, prompt.length - 1));
            prompts.add(prompt);
            if (random.nextBoolean()) {
                running.end();
            }
        }
        for (int[] prompt : prompts) {
            assertThat(found(prefixes, prompt)).isEqualTo(prompt.length);
        }
    }

    private static int common(int[] a, int[] b) {
        int mismatch = Arrays.mismatch(a, b);
        return mismatch < 0 ? a.length : mismatch;
    }

    @Test
    void nothingIsFoundInAnEmptyOneOrForAnEmptyPrompt() {
        PrefixCache prefixes = new PrefixCache(pool, PLENTY);
        assertThat(found(prefixes, ids(1, 100))).isZero();
        new Running(prefixes, ids(1, 100));
        assertThat(found(prefixes, new int[0])).isZero();
    }

    @Test
    void wholeBlocksAreSharedAndPartsAreCopied() {
        PrefixCache prefixes = new PrefixCache(pool, PLENTY);
        int[] stem = ids(1, 208);
        Running first = new Running(prefixes, stem);
        Running second = new Running(prefixes, fork(stem, 200, 208, 1));
        assertThat(second.found).isEqualTo(200);
        assertThat(pool.heldCount()).isEqualTo(3 + 2);
        for (int b = 0; b < 3; b++) {
            assertThat(second.cache.sharedBlock(b)).isSameAs(first.cache.sharedBlock(b));
        }
        assertThat(second.cache.sharedBlock(3)).isNotSameAs(first.cache.sharedBlock(3));
        assertThat(prefixes.idleCount()).isZero();
        first.end();
        assertThat(prefixes.idleCount())
                .as("only what the second does not hold")
                .isEqualTo(1);
        second.end();
        assertThat(prefixes.idleCount()).isEqualTo(5);
    }

    @Test
    void thoseThatComputeTheSameAtTheSameTimeEndUpWithOneBlock() {
        PrefixCache prefixes = new PrefixCache(pool, PLENTY);
        int[] prompt = ids(1, 130);
        KvCache[] caches = {new KvCache(pool, LONGEST), new KvCache(pool, LONGEST)};
        for (KvCache cache : caches) {
            batch.clear();
            for (int p = 0; p < prompt.length; p++) {
                batch.add(cache, p, prompt[p], false);
            }
            model.forward(batch, activations);
        }
        assertThat(pool.heldCount()).isEqualTo(6);
        PrefixNode[] paths = {prefixes.hold(""), prefixes.hold("")};
        for (int from = 0; from < 130; from += 64) {
            for (int s = 0; s < 2; s++) {
                paths[s] = prefixes.register(paths[s], prompt, from, Math.min(64, 130 - from), caches[s]);
            }
        }
        assertThat(pool.heldCount()).as("two shared, two parts").isEqualTo(4);
        assertThat(caches[1].sharedBlock(1)).isSameAs(caches[0].sharedBlock(1));
        for (int s = 0; s < 2; s++) {
            caches[s].reset();
            prefixes.release(paths[s]);
        }
        assertThat(prefixes.idleCount()).isEqualTo(pool.heldCount()).isEqualTo(3);
    }

    @Test
    void theOneThatWasUnusedForLongestGoesFirstAndItsBeginningLast() {
        PrefixCache prefixes = new PrefixCache(pool, PLENTY);
        int[] a = ids(1, 150);
        int[] b = ids(2, 150);
        int[] c = ids(3, 150);
        for (int[] prompt : List.of(a, b, c, a)) {
            new Running(prefixes, prompt).end();
        }
        // The last use of a left its copy of the third block behind, or none: it was covered.
        assertThat(prefixes.idleCount()).isEqualTo(9);
        int[][] order = {b, b, b, c, c, c, a, a, a};
        for (int i = 0; i < order.length; i++) {
            int before = found(prefixes, order[i]);
            prefixes.makeRoom(pool.availableCount() + 1);
            assertThat(found(prefixes, order[i])).as("step %d", i).isEqualTo(before == 150 ? 128 : before - 64);
        }
        assertThat(prefixes.idleCount()).isZero();
        assertThat(pool.heldCount()).isZero();
        assertThat(prefixes.evictedCount()).isEqualTo(9);
    }

    @Test
    void noMoreIdleBlocksAreKeptThanTheBudgetAllowsAndNoneThatIsHeldIsGivenUp() {
        PrefixCache prefixes = new PrefixCache(pool, 4);
        int[] a = ids(1, 150);
        Running running = new Running(prefixes, a);
        for (int seed = 2; seed < 20; seed++) {
            new Running(prefixes, ids(seed, 150)).end();
            assertThat(prefixes.idleCount()).isLessThanOrEqualTo(4);
            assertThat(pool.heldCount()).isEqualTo(3 + prefixes.idleCount());
            assertThat(found(prefixes, ids(seed, 150))).as("the newest stays").isEqualTo(150);
        }
        prefixes.makeRoom(PLENTY);
        assertThat(found(prefixes, a)).isEqualTo(150);
        assertThat(pool.heldCount()).isEqualTo(3);
        running.end();
        assertThat(prefixes.idleCount()).isEqualTo(3);
    }

    @Test
    void tenThousandDistinctPrefixesStayWithinTheBudget() {
        int most = 100;
        PrefixCache prefixes = new PrefixCache(pool, most);
        List<Running> running = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(6);
        int registered = 0;
        for (int i = 0; i < 10_000; i++) {
            int[] prompt = ids(i, 1 + random.nextInt(130));
            Running next = new Running(prefixes, prompt);
            registered += KvBlocks.blocksFor(prompt.length - next.found);
            running.add(next);
            if (running.size() > 3) {
                running.remove(random.nextInt(running.size())).end();
            }
            int held = running.stream()
                    .mapToInt(one -> KvBlocks.blocksFor(one.cache.length()))
                    .sum();
            assertThat(prefixes.idleCount()).isLessThanOrEqualTo(most);
            assertThat(pool.heldCount()).as("prompt %d", i).isLessThanOrEqualTo(most + held);
        }
        running.forEach(Running::end);
        assertThat(registered).isGreaterThan(10_000);
        assertThat(prefixes.idleCount()).isEqualTo(most).isEqualTo(pool.heldCount());
        assertThat(prefixes.evictedCount()).isGreaterThan(10_000);
        prefixes.makeRoom(PLENTY);
        assertThat(pool.heldCount()).isZero();
    }

    @Test
    void aPartIsNotGivenUpWhileItIsCopied() {
        KvBlocks small = new KvBlocks(model.config(), 2 * KvBlocks.blockBytes(model.config()));
        PrefixCache prefixes = new PrefixCache(small, 2);
        int[] prompt = ids(1, 40);
        // The prompt's block is the older of two idle ones, and no block is free.
        for (int[] tokens : List.of(prompt, ids(2, 40))) {
            KvCache cache = new KvCache(small, LONGEST);
            batch.clear();
            IntStream.range(0, 40).forEach(p -> batch.add(cache, p, tokens[p], false));
            model.forward(batch, activations);
            PrefixNode path = prefixes.register(prefixes.hold(""), tokens, 0, 40, cache);
            cache.reset();
            prefixes.release(path);
        }
        prefixes.find(prompt, 39, "", match);
        KvBlock source = match.part.block;
        KvCache second = new KvCache(small, LONGEST);
        prefixes.adopt(match, second);
        assertThat(second.length()).isEqualTo(39);
        assertThat(second.sharedBlock(0)).isNotSameAs(source);
        assertThat(found(prefixes, prompt)).isEqualTo(40);
        assertThat(prefixes.evictedCount()).isEqualTo(1);
    }

    @Test
    void aPromptThatWasContinuedTakesNoBlockMore() {
        PrefixCache prefixes = new PrefixCache(pool, PLENTY);
        int[] longest = ids(1, 64);
        for (int length = 1; length <= 64; length++) {
            new Running(prefixes, Arrays.copyOf(longest, length)).end();
            assertThat(prefixes.idleCount()).isEqualTo(1);
        }
        for (int length = 1; length < 64; length++) {
            new Running(prefixes, Arrays.copyOf(longest, length)).end();
        }
        assertThat(prefixes.idleCount()).isEqualTo(1);
        assertThat(found(prefixes, longest)).isEqualTo(64);
    }
}
