package io.flinkgpt2.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConstraintCompilerTest {
    private static final int VOCABULARY = 50_257;
    private static final ConstraintSource SOURCE = ConstraintSource.regex("[ab]{1,3}c|ünder");

    @TempDir
    Path directory;

    private static ConstraintCompiler gpt2(long cacheBytes) {
        return new ConstraintCompiler(Tokenizer.gpt2(), VOCABULARY, cacheBytes);
    }

    /** Returns a tokenizer that has these tokens of ASCII letters only, none of them a special one. */
    private Tokenizer tokenizer(String vocabulary, String merges) throws Exception {
        Path vocab = Files.writeString(directory.resolve("vocab.json"), vocabulary);
        return Tokenizer.fromFiles(vocab, Files.writeString(directory.resolve("merges.txt"), merges));
    }

    @Test
    void masksAllowExactlyTheTokensThatLeadSomewhere() throws Exception {
        Constraint constraint = gpt2(1 << 20).compile(SOURCE);
        Tokenizer tokenizer = Tokenizer.gpt2();
        List<Integer> states = new ArrayList<>(List.of(constraint.start()));
        for (int i = 0; i < states.size(); i++) {
            int state = states.get(i);
            float[] logits = new float[VOCABULARY + 70];
            constraint.mask(logits, 3, VOCABULARY + 60, state);
            assertThat(Arrays.copyOf(logits, 3)).containsOnly(0);
            assertThat(Arrays.copyOfRange(logits, VOCABULARY + 63, logits.length))
                    .containsOnly(0);
            for (int id = -1; id < VOCABULARY + 60; id++) {
                int next = constraint.next(state, id);
                if (id >= 0) {
                    assertThat(logits[id + 3] == 0).as("%s", id).isEqualTo(next != Constraint.NO_STATE);
                    assertThat(logits[id + 3] == 0 || logits[id + 3] == Float.NEGATIVE_INFINITY)
                            .isTrue();
                }
                if (next != Constraint.NO_STATE && !states.contains(next)) {
                    states.add(next);
                }
            }
        }
        assertThat(states).hasSizeGreaterThan(5);
        assertThat(constraint.next(constraint.start(), tokenizer.endOfTextId().getAsInt()))
                .isEqualTo(Constraint.NO_STATE);
    }

    @Test
    void randomTokensEndInMatchingTexts() throws Exception {
        ConstraintCompiler compiler = gpt2(4 << 20);
        SplittableRandom random = new SplittableRandom(7);
        for (String regex : List.of(
                "\\d{3}-\\d{4}",
                "[A-Z][a-z]{0,8}( [a-z]{1,5}){0,3}\\.", "(日|本|😀){2,5}", "[^x]{4}x", "\\p{Lu}\\p{Ll}?x")) {
            Constraint constraint = compiler.compile(ConstraintSource.regex(regex));
            for (int i = 0; i < 10; i++) {
                String text = Walks.randomTokens(constraint, Tokenizer.gpt2(), VOCABULARY, random, 300);
                assertThat(text).matches(regex);
            }
        }
    }

    @Test
    void whatTheTokensCannotSpellIsNotBegun() throws Exception {
        // No token 'b' alone: 'ab' can be spelled, 'b' and 'abb' cannot.
        Tokenizer tokenizer = tokenizer("{\"a\":0,\"ab\":1,\"c\":2,\"b\":3}", "#version: 0.2\na b\n");
        int withoutB = 3;
        ConstraintCompiler compiler = new ConstraintCompiler(tokenizer, withoutB, 1 << 20);
        Constraint constraint = compiler.compile(ConstraintSource.regex("a(b|bb|c)|b|cab"));
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 50; i++) {
            assertThat(Walks.randomTokens(constraint, tokenizer, withoutB, random, 9))
                    .isIn("ab", "ac", "cab");
        }
        assertThatThrownBy(() -> compiler.compile(ConstraintSource.choice(List.of("b", "abb", "d"))))
                .isInstanceOf(InvalidConstraintException.class)
                .hasMessageContaining("no tokens of the vocabulary");
        Constraint loop = compiler.compile(ConstraintSource.regex("(ab)*b?"));
        assertThat(loop.isAccepting(loop.start())).isTrue();
        assertThat(loop.canContinue(loop.next(loop.start(), 1))).isTrue();
    }

    @Test
    void tokenizersWithoutTextAreRefused() {
        ConstraintCompiler compiler =
                new ConstraintCompiler(Tokenizer.tokenIdsOnly("it has no vocab.json"), 10, 1 << 20);
        assertThatThrownBy(() -> compiler.compile(SOURCE))
                .isInstanceOf(InvalidConstraintException.class)
                .hasMessageContaining("it has no vocab.json");
    }

    @Test
    void eachConstraintIsBuiltOnceByManyThreads() throws Exception {
        ConstraintCompiler compiler = gpt2(8 << 20);
        Set<Constraint> built = ConcurrentHashMap.newKeySet();
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Future<float[]>> results = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                results.add(threads.submit(() -> {
                    Constraint constraint = compiler.compile(ConstraintSource.jsonObject());
                    built.add(constraint);
                    float[] logits = new float[VOCABULARY];
                    int state =
                            constraint.next(constraint.start(), Tokenizer.gpt2().encode("{\"")[0]);
                    constraint.mask(logits, 0, VOCABULARY, state);
                    return logits;
                }));
            }
            for (Future<float[]> result : results) {
                assertThat(result.get()).isEqualTo(results.get(0).get());
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(built).hasSize(1);
    }

    @Test
    void cacheKeepsWithinItsBudgetAndDropsTheLeastRecentlyUsed() throws Exception {
        long budget = 200_000;
        ConstraintCompiler compiler = gpt2(budget);
        Constraint first = compiler.compile(SOURCE);
        float[] expected = new float[VOCABULARY];
        first.mask(expected, 0, VOCABULARY, first.start());
        assertThat(first.keptMasks()).isEqualTo(1);
        assertThat(compiler.compile(SOURCE)).isSameAs(first);
        for (int i = 0; i < 100; i++) {
            Constraint other = compiler.compile(ConstraintSource.choice(List.of("x" + i)));
            float[] logits = new float[VOCABULARY];
            other.mask(logits, 0, VOCABULARY, other.start());
            assertThat(compiler.cachedBytes()).isLessThanOrEqualTo(budget);
        }
        assertThat(compiler.compile(SOURCE)).isNotSameAs(first);
        float[] again = new float[VOCABULARY];
        first.mask(again, 0, VOCABULARY, first.start());
        assertThat(again).isEqualTo(expected);
        ConstraintCompiler without = gpt2(0);
        Constraint uncached = without.compile(SOURCE);
        float[] logits = new float[VOCABULARY];
        uncached.mask(logits, 0, VOCABULARY, uncached.start());
        assertThat(logits).isEqualTo(expected);
        assertThat(without.cachedBytes()).isZero();
    }

    @Test
    void refusalsAreRememberedAndEachIsItsOwn() {
        ConstraintCompiler compiler = gpt2(1 << 20);
        ConstraintSource source = ConstraintSource.regex("(.*a.{20}|.*b.{20})*");
        for (int i = 0; i < 200; i++) {
            assertThatThrownBy(() -> compiler.compile(source)).isInstanceOf(InvalidConstraintException.class);
        }
        assertThat(compiler.cachedBytes()).isPositive();
    }

    @Test
    void keptMasksAllocateNothing() throws Exception {
        Constraint constraint = gpt2(1 << 20).compile(ConstraintSource.jsonObject());
        float[] logits = new float[VOCABULARY];
        int state = constraint.next(constraint.start(), Tokenizer.gpt2().encode("{\"")[0]);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int i = 0; i < 2000; i++) {
            constraint.mask(logits, 0, VOCABULARY, state);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1000; i++) {
            constraint.mask(logits, 0, VOCABULARY, state);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1000);
    }
}
