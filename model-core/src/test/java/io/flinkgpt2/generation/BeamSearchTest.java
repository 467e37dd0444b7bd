package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.flinkgpt2.model.ForwardState;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.model.RaggedBatch;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.sampling.TokenScorer;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Beams against a search that computes every continuation anew and sorts all of them, and against all texts there are. */
class BeamSearchTest {

    @TempDir
    static Path directory;

    private static Pretrained toy;

    @BeforeAll
    static void open() {
        toy = ToyModel.open(directory, Kernels.best());
    }

    private record Hypothesis(int[] tokenIds, double sum, boolean ended, double score) {}

    /** Returns the logits after a sequence of tokens, computed in one pass. */
    private static float[] logits(int[] tokens) {
        RaggedBatch rows = new RaggedBatch(tokens.length);
        KvCache cache = new KvCache(toy.config(), tokens.length);
        for (int i = 0; i < tokens.length; i++) {
            rows.add(cache, i, tokens[i], i == tokens.length - 1);
        }
        ForwardState state = new ForwardState(toy.model(), tokens.length, 1, tokens.length);
        toy.model().forward(rows, state);
        return Arrays.copyOf(state.logits(), ToyModel.VOCABULARY);
    }

    private static int[] plus(int[] tokens, int... more) {
        return IntStream.concat(IntStream.of(tokens), IntStream.of(more)).toArray();
    }

    /** Returns all continuations by one token, best first. */
    private static List<Hypothesis> continuations(int[] prompt, List<Hypothesis> beams, int[] allowed) {
        TokenScorer scorer = new TokenScorer(toy.model().kernels(), ToyModel.VOCABULARY);
        List<Hypothesis> all = new ArrayList<>();
        for (Hypothesis beam : beams) {
            float[] logits = logits(plus(prompt, beam.tokenIds()));
            for (int id = 0; id < logits.length; id++) {
                int wanted = id;
                if (allowed.length > 0 && Arrays.stream(allowed).noneMatch(other -> other == wanted)) {
                    logits[id] = Float.NEGATIVE_INFINITY;
                }
            }
            Integer[] order = IntStream.range(0, logits.length)
                    .filter(id -> logits[id] > Float.NEGATIVE_INFINITY)
                    .boxed()
                    .sorted(Comparator.comparingDouble((Integer id) -> -logits[id])
                            .thenComparing(id -> id))
                    .toArray(Integer[]::new);
            for (int id : order) {
                double sum = beam.sum() + (float) scorer.logProbability(logits, 0, id);
                all.add(new Hypothesis(plus(beam.tokenIds(), id), sum, false, 0));
            }
        }
        all.sort(Comparator.comparingDouble(path -> -path.sum())); // stable
        return all;
    }

    private static List<int[]> plainSearch(
            int[] prompt, int width, BeamParameters parameters, int maxTokens, int[] allowed) {
        List<Hypothesis> beams = List.of(new Hypothesis(new int[0], 0, false, 0));
        List<Hypothesis> hypotheses = new ArrayList<>();
        for (int length = 1; !beams.isEmpty(); length++) {
            List<Hypothesis> all = continuations(prompt, beams, allowed);
            List<Hypothesis> next = new ArrayList<>();
            for (int rank = 0; rank < Math.min(2 * width, all.size()); rank++) {
                Hypothesis path = all.get(rank);
                boolean endOfText = path.tokenIds()[length - 1] == ToyModel.END_OF_TEXT;
                double score = path.sum() / Math.pow(length, parameters.lengthPenalty());
                if (endOfText || length == maxTokens) {
                    if (rank < width) {
                        int[] kept = endOfText ? Arrays.copyOf(path.tokenIds(), length - 1) : path.tokenIds();
                        hypotheses.add(new Hypothesis(kept, path.sum(), true, score));
                    }
                } else if (next.size() < width) {
                    next.add(path);
                }
            }
            hypotheses.sort(Comparator.comparingDouble(path -> -path.score()));
            hypotheses = new ArrayList<>(hypotheses.subList(0, Math.min(width, hypotheses.size())));
            beams = next;
            if (hypotheses.size() == width && !beams.isEmpty()) {
                double best = beams.get(0).sum() / Math.pow(length, parameters.lengthPenalty());
                if (parameters.earlyStopping()
                        || best <= hypotheses.get(width - 1).score()) {
                    break;
                }
            }
        }
        return hypotheses.stream().map(Hypothesis::tokenIds).toList();
    }

    private static ContinuousBatch batch(int batchSize) {
        BatchOptions options = BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, Math.max(8, batchSize), 16);
        return new ContinuousBatch(
                toy.model(),
                Tokenizer.gpt2(),
                new BatchOptions(ToyModel.CONTEXT, batchSize, 16, options.kvCacheBytes(), 0));
    }

    private static RequestGroup search(ContinuousBatch batch, int[] prompt, GenerationParameters parameters) {
        RequestGroup group = batch.submit(prompt, parameters, 0);
        while (!group.hasEnded()) {
            batch.step();
        }
        assertThat(batch.poll()).isSameAs(group);
        assertThat(batch.metrics().kvBytesUsed()).isZero();
        return group;
    }

    @Test
    void everyWidthAndLengthPenaltyFindsWhatThePlainSearchFinds() {
        ContinuousBatch batch = batch(4);
        int ended = 0;
        for (int width = 1; width <= 4; width++) {
            for (double penalty : new double[] {0, 1, 2, -1}) {
                for (boolean early : new boolean[] {true, false}) {
                    SplittableRandom random = new SplittableRandom(width * 10L + (long) penalty);
                    int[] prompt = random.ints(1 + random.nextInt(70), 0, 96).toArray();
                    // Few tokens with end of text among them, so that many hypotheses end.
                    int[] allowed = random.nextInt(4) == 0
                            ? new int[0]
                            : plus(random.ints(4, 0, 96).distinct().toArray(), ToyModel.END_OF_TEXT);
                    BeamParameters beams = new BeamParameters(penalty, early);
                    GenerationParameters parameters = GenerationParameters.builder()
                            .setMaxTokens(7)
                            .setChoices(width)
                            .setBeams(beams)
                            .setAllowedTokenIds(allowed)
                            .setLogprobs(1)
                            .build();
                    RequestGroup group = search(batch, prompt, parameters);
                    List<int[]> expected = plainSearch(prompt, width, beams, 7, allowed);
                    assertThat(group.failure()).isNull();
                    assertThat(group.completions())
                            .as("width %d, penalty %f, early %s", width, penalty, early)
                            .extracting(Completion::tokenIds)
                            .containsExactlyElementsOf(expected);
                    for (Completion completion : group.completions()) {
                        ended += completion.stopReason() == StopReason.END_OF_TEXT ? 1 : 0;
                        checkScores(prompt, completion);
                    }
                }
            }
        }
        assertThat(ended).isGreaterThan(10);
    }

    /** Log-probabilities are the model's, not those of the processed logits. */
    private static void checkScores(int[] prompt, Completion completion) {
        TokenScorer scorer = new TokenScorer(toy.model().kernels(), ToyModel.VOCABULARY);
        for (int i = 0; i < completion.tokenIds().length; i++) {
            int[] before = plus(prompt, Arrays.copyOf(completion.tokenIds(), i));
            double expected =
                    scorer.logProbability(logits(before), 0, completion.tokenIds()[i]);
            assertThat(completion.scores().logProbability(i)).isEqualTo((float) expected);
        }
    }

    @Test
    void withAsManyBeamsAsTokensItFindsTheBestOfAllTexts() {
        ContinuousBatch batch = batch(4);
        for (int width = 1; width <= 4; width++) {
            for (double penalty : new double[] {0, 1, 2}) {
                int[] prompt = {width, 7, (int) penalty};
                int[] allowed = IntStream.range(20, 20 + width).toArray();
                GenerationParametersBuilder builder = GenerationParameters.builder()
                        .setChoices(width)
                        .setBeams(new BeamParameters(penalty, false))
                        .setAllowedTokenIds(allowed);
                List<Hypothesis> first =
                        continuations(prompt, List.of(new Hypothesis(new int[0], 0, false, 0)), allowed);
                assertThat(search(batch, prompt, builder.setMaxTokens(1).build())
                                .completions())
                        .extracting(Completion::tokenIds)
                        .containsExactlyElementsOf(
                                first.stream().map(Hypothesis::tokenIds).toList());
                List<int[]> best = continuations(prompt, first, allowed).stream()
                        .limit(width)
                        .map(Hypothesis::tokenIds)
                        .toList();
                assertThat(search(batch, prompt, builder.setMaxTokens(2).build())
                                .completions())
                        .extracting(Completion::tokenIds)
                        .containsExactlyElementsOf(best);
            }
        }
    }

    @Test
    void oneThatIsWiderThanTheBatchRunsAloneAndOneThatDoesNotFitIsRefused() {
        ContinuousBatch batch = batch(2);
        GenerationParametersBuilder builder =
                GenerationParameters.builder().setMaxTokens(5).setChoices(6).setBeams(new BeamParameters(1, true));
        RequestGroup before = batch.submit(new int[] {1}, GenerationParameters.greedy(9), 0);
        RequestGroup wide = batch.submit(new int[] {1, 2}, builder.build(), 0);
        while (batch.step()) {
            assertThat(batch.runningCount()).isLessThanOrEqualTo(6);
        }
        assertThat(before.completions()).hasSize(1);
        assertThat(wide.completions()).hasSize(6);

        long block = KvBlocks.blockBytes(toy.config());
        ContinuousBatch small =
                new ContinuousBatch(toy.model(), Tokenizer.gpt2(), new BatchOptions(100, 2, 16, 11 * block, 0));
        assertThatExceptionOfType(RequestTooLargeException.class)
                .isThrownBy(() -> small.submit(new int[] {1, 2}, builder.build(), 0))
                .withMessageContaining("6 beams may take " + 12 * block + " bytes")
                .withMessageContaining("at most " + 11 * block);
        assertThat(small.isIdle()).isTrue();
    }

    @Test
    void aBeamThatFailsFailsItsSearchAlone() {
        ContinuousBatch batch = batch(8);
        GenerationParametersBuilder builder =
                GenerationParameters.builder().setMaxTokens(5).setChoices(3).setBeams(new BeamParameters(1, true));
        RequestGroup impossible = batch.submit(
                new int[] {1},
                builder.setAllowedTokenIds(new int[] {5})
                        .setNoRepeatNgramSize(1)
                        .build(),
                0);
        RequestGroup other = batch.submit(new int[] {1}, GenerationParameters.greedy(9), 0);
        while (batch.step()) {}
        assertThat(impossible.failure()).isInstanceOf(ArithmeticException.class);
        assertThat(other.failure()).isNull();
        assertThat(batch.metrics().kvBytesUsed()).isZero();
    }
}
