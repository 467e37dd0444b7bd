package io.flinkgpt2.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.flinkgpt2.tensor.Kernels;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Scores against a log-softmax in double and a full sort, over logits with many exact ties. */
class TokenScorerTest {

    private static final int[] SIZES = {1, 2, 15, 16, 17, 100, 1003};
    private static final LogitsProcessor[] NO_PROCESSORS = {};

    /** Rules out all ids below a number. */
    private record FromId(int first) implements LogitsProcessor {
        @Override
        public void apply(float[] logits, int offset, int vocabularySize) {
            Arrays.fill(logits, offset, offset + Math.min(first, vocabularySize), Float.NEGATIVE_INFINITY);
        }

        @Override
        public void accept(int tokenId) {
            // no state
        }

        @Override
        public LogitsProcessor fork() {
            return this;
        }
    }

    private static float[] randomLogits(SplittableRandom random, int n) {
        int levels = 1 << (random.nextBoolean() ? random.nextInt(6) : 20);
        double spread = 0.1 + random.nextDouble(40);
        float[] logits = new float[n];
        for (int i = 0; i < n; i++) {
            logits[i] = (float) (spread * random.nextInt(levels) / levels - spread / 3);
        }
        return logits;
    }

    /** Puts a row among values that are better than all of its own. */
    private static float[] padded(float[] logits, int offset) {
        float[] padded = new float[offset + logits.length + 5];
        Arrays.fill(padded, 1e9f);
        System.arraycopy(logits, 0, padded, offset, logits.length);
        return padded;
    }

    private static double[] logSoftmax(float[] logits) {
        double max = IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i])
                .max()
                .orElseThrow();
        double sum = IntStream.range(0, logits.length)
                .mapToDouble(i -> StrictMath.exp(logits[i] - max))
                .sum();
        return IntStream.range(0, logits.length)
                .mapToDouble(i -> logits[i] - max - StrictMath.log(sum))
                .toArray();
    }

    private static List<Integer> sorted(float[] logits) {
        return IntStream.range(0, logits.length)
                .boxed()
                .sorted(Comparator.comparing((Integer id) -> -logits[id]).thenComparing(id -> id))
                .toList();
    }

    @Test
    void scoresAreTheLogSoftmaxAndRanksThoseOfAFullSort() {
        SplittableRandom random = new SplittableRandom(21);
        for (int i = 0; i < 1500; i++) {
            int n = SIZES[random.nextInt(SIZES.length)];
            float[] logits = randomLogits(random, n);
            double[] expected = logSoftmax(logits);
            List<Integer> sorted = sorted(logits);
            int offset = random.nextInt(5);
            int alternatives = random.nextInt(Math.min(n, 20) + 1);
            int[] labels = random.ints(random.nextInt(4), 0, n).toArray();
            TokenScorer scorer = new TokenScorer(Kernels.best(), n);
            TokenScores scores = new TokenScores(3, alternatives, labels);
            for (int index = 0; index < 3; index++) {
                int token = index == 0 ? sorted.get(0) : random.nextInt(n);
                float returned = scorer.score(padded(logits, offset), offset, token, scores);

                assertThat(returned)
                        .isEqualTo(scores.logProbability(index))
                        .isCloseTo((float) expected[token], within(3e-6f));
                assertThat(scorer.logProbability(padded(logits, offset), offset, token))
                        .isCloseTo(expected[token], within(1e-6));
                assertThat(scores.rank(index)).isEqualTo(1 + sorted.indexOf(token));
                for (int rank = 0; rank < alternatives; rank++) {
                    int id = sorted.get(rank);
                    assertThat(scores.alternativeId(index, rank)).isEqualTo(id);
                    assertThat(scores.alternativeLogProbability(index, rank))
                            .isCloseTo((float) expected[id], within(3e-6f));
                }
                for (int label = 0; label < labels.length; label++) {
                    assertThat(scores.labelLogProbability(index, label))
                            .isCloseTo((float) expected[labels[label]], within(3e-6f));
                }
            }
            assertThat(scores.size()).isEqualTo(3);
        }
    }

    @Test
    void rule4_4_scalarAndVectorKernelsGiveTheSameScores() {
        SplittableRandom random = new SplittableRandom(22);
        for (int i = 0; i < 500; i++) {
            int n = SIZES[random.nextInt(SIZES.length)];
            float[] logits = randomLogits(random, n);
            int token = random.nextInt(n);
            TokenScores scalar = new TokenScores(1, Math.min(n, 5), new int[] {0, n - 1});
            TokenScores vector = new TokenScores(1, Math.min(n, 5), new int[] {0, n - 1});
            new TokenScorer(Kernels.reference(), n).score(logits, 0, token, scalar);
            new TokenScorer(Kernels.best(), n).score(logits, 0, token, vector);
            assertThat(vector).usingRecursiveComparison().isEqualTo(scalar);
            BeamCandidates scalarBeams = new BeamCandidates(Kernels.reference(), n);
            BeamCandidates vectorBeams = new BeamCandidates(Kernels.best(), n);
            scalarBeams.select(logits, 0, NO_PROCESSORS, 8, 0);
            vectorBeams.select(logits, 0, NO_PROCESSORS, 8, 0);
            for (int rank = 0; rank < Math.min(n, 8); rank++) {
                assertThat(vectorBeams.logProbability(rank)).isEqualTo(scalarBeams.logProbability(rank));
            }
        }
    }

    /** A change of these bits is a change of every answer with log-probabilities. */
    @Test
    void theBitsOfAScoreArePinned() {
        float[] logits = new float[1000];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) ((i * 7919 % 1000) / 64.0 - 9);
        }
        TokenScores scores = new TokenScores(1, 2, new int[] {999});
        new TokenScorer(Kernels.best(), 1000).score(logits, 0, 123, scores);
        assertThat(scores.logProbability(0)).isEqualTo(-19.197935f);
        assertThat(scores.alternativeLogProbability(0, 1)).isEqualTo(-4.18231f);
        assertThat(scores.labelLogProbability(0, 0)).isEqualTo(-18.510435f);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1})
    void aSampledTokenIsScoredByTheLogitsBeforeTheProcessors(double temperature) {
        SplittableRandom random = new SplittableRandom(23);
        for (int i = 0; i < 300; i++) {
            int n = SIZES[random.nextInt(SIZES.length)];
            float[] logits = randomLogits(random, n);
            LogitsProcessor[] processors = {
                new FromId(random.nextInt(n)), new LogitBias(new int[] {n - 1}, new float[] {50})
            };
            GenerationParameters parameters = GenerationParameters.builder()
                    .setTemperature(temperature)
                    .setTopK(7)
                    .setSeed(i)
                    .build();
            Sampler sampler = new Sampler(Kernels.best(), n);
            float[] row = padded(logits, 2);
            int unscored =
                    sampler.sample(row.clone(), 2, processors, parameters, 0, 0).id();
            TokenScores scores = new TokenScores(1, Math.min(n, 3), new int[] {0});
            SampledToken token = sampler.sample(row, 2, processors, parameters, 0, 0, scores);

            assertThat(token.id()).as("scores change no choice").isEqualTo(unscored);
            assertThat(row).as("the model's logits").isEqualTo(padded(logits, 2));
            TokenScores known = new TokenScores(1, Math.min(n, 3), new int[] {0});
            float logProbability = new TokenScorer(Kernels.best(), n).score(logits, 0, token.id(), known);
            assertThat(scores).usingRecursiveComparison().isEqualTo(known);
            assertThat(token.logProbability()).isEqualTo(logProbability);
            assertThat(sampler.sample(logits, 0, NO_PROCESSORS, parameters, 0, 0)
                            .logProbability())
                    .isNaN();
        }
    }

    @Test
    void beamsHaveTheBestOfTheProcessedLogits() {
        SplittableRandom random = new SplittableRandom(24);
        for (int i = 0; i < 1000; i++) {
            int n = SIZES[random.nextInt(SIZES.length)];
            float[] logits = randomLogits(random, n);
            int first = random.nextBoolean() ? 0 : random.nextInt(n);
            int count = 1 + random.nextInt(BeamCandidates.MAX_CANDIDATES);
            LogitsProcessor[] processors = first == 0 ? NO_PROCESSORS : new LogitsProcessor[] {new FromId(first)};
            float[] row = padded(logits, 3);
            BeamCandidates candidates = new BeamCandidates(Kernels.best(), n);
            candidates.select(row, 3, processors, count, 0);

            assertThat(row).isEqualTo(padded(logits, 3));
            Arrays.fill(logits, 0, first, Float.NEGATIVE_INFINITY);
            double[] expected = logSoftmax(logits);
            List<Integer> sorted = sorted(logits);
            assertThat(candidates.size()).isEqualTo(Math.min(count, n - first));
            for (int rank = 0; rank < candidates.size(); rank++) {
                assertThat(candidates.tokenId(rank)).isEqualTo(sorted.get(rank));
                assertThat(candidates.logProbability(rank))
                        .isCloseTo((float) expected[sorted.get(rank)], within(3e-6f));
            }
        }
    }

    @Test
    void aHypothesisWithoutContinuationsHasNoCandidates() {
        BeamCandidates candidates = new BeamCandidates(Kernels.best(), 9);
        candidates.select(new float[9], 0, NO_PROCESSORS, 4, 0);
        assertThat(candidates.size()).isEqualTo(4);
        candidates.select(new float[9], 0, new LogitsProcessor[] {new FromId(9)}, 4, 0);
        assertThat(candidates.size()).isZero();
        assertThat(BeamCandidates.noContinuation(7))
                .hasMessageContaining("step 7")
                .hasMessageContaining("bad_words");
    }

    @Test
    void tokensOfOnePositionAreScoredAsEachAlone() {
        SplittableRandom random = new SplittableRandom(25);
        for (int i = 0; i < 200; i++) {
            int n = SIZES[random.nextInt(SIZES.length)];
            float[] logits = randomLogits(random, n);
            TokenScorer scorer = new TokenScorer(Kernels.best(), n);
            scorer.take(logits, 0);
            for (int alternatives : new int[] {0, Math.min(n, 2), Math.min(n, 7), 1}) {
                int token = random.nextInt(n);
                TokenScores together = new TokenScores(1, alternatives, new int[] {n - 1});
                TokenScores alone = new TokenScores(1, alternatives, new int[] {n - 1});
                scorer.score(token, together);
                new TokenScorer(Kernels.best(), n).score(logits, 0, token, alone);
                assertThat(together).usingRecursiveComparison().isEqualTo(alone);
            }
        }
    }

    @Test
    void moreAlternativesThanTokensAreRefused() {
        TokenScorer scorer = new TokenScorer(Kernels.best(), 4);
        TokenScores scores = new TokenScores(1, 5, new int[0]);
        assertThatThrownBy(() -> scorer.score(new float[4], 0, 0, scores))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("logprobs: found 5, expected at most 4, the tokens of the model's vocabulary");
        assertThat(scores.size()).isZero();
    }

    @Test
    void damagedLogitsAreNamed() {
        TokenScorer scorer = new TokenScorer(Kernels.best(), 4);
        TokenScores scores = new TokenScores(2, 0, new int[0]);
        BeamCandidates candidates = new BeamCandidates(Kernels.best(), 4);
        for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
            float[] logits = {0, bad, 1, 2};
            assertThatThrownBy(() -> scorer.score(logits, 0, 3, scores))
                    .isInstanceOf(ArithmeticException.class)
                    .hasMessage("token 3 cannot be scored: the largest of the logits is "
                            + (Float.isNaN(bad) ? "not a number" : "Infinity")
                            + ", expected a finite number; the weights are damaged, or too large for float32");
            assertThatThrownBy(() -> candidates.select(logits, 0, NO_PROCESSORS, 2, 5))
                    .isInstanceOf(ArithmeticException.class)
                    .hasMessageContaining("step 5");
            assertThat(scorer.logProbability(logits, 0, 3)).isNaN();
        }
        assertThat(scores.size()).isZero();
    }

    @Test
    void idsOutsideOfTheVocabularyAndScoresThatAreFullAreRefused() {
        TokenScorer scorer = new TokenScorer(Kernels.best(), 4);
        float[] logits = new float[12];
        TokenScores labelled = new TokenScores(2, 0, new int[] {4});
        assertThatThrownBy(() -> scorer.score(logits, 0, 0, labelled)).isInstanceOf(IndexOutOfBoundsException.class);
        TokenScores scores = new TokenScores(1, 0, new int[0]);
        assertThatThrownBy(() -> scorer.score(logits, 0, 4, scores)).isInstanceOf(IndexOutOfBoundsException.class);
        scorer.score(logits, 0, 3, scores);
        assertThatThrownBy(() -> scorer.score(logits, 0, 3, scores)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(scores.size()).isEqualTo(1);
    }

    @Test
    void scoresAreCopiedForAnotherHypothesis() {
        TokenScorer scorer = new TokenScorer(Kernels.best(), 5);
        TokenScores one = new TokenScores(3, 2, new int[] {4});
        scorer.score(new float[] {1, 2, 3, 4, 5}, 0, 1, one);
        scorer.score(new float[] {5, 1, 3, 4, 5}, 0, 2, one);
        TokenScores other = new TokenScores(3, 2, new int[] {4});
        scorer.score(new float[5], 0, 0, other);
        other.copyFrom(one);
        assertThat(other).usingRecursiveComparison().isEqualTo(one);
        scorer.score(new float[5], 0, 4, other);
        assertThat(other.size()).isEqualTo(3);
        assertThat(one.size()).isEqualTo(2);
        assertThat(one.sum(2)).isEqualTo((double) one.logProbability(0) + one.logProbability(1));
    }
}
