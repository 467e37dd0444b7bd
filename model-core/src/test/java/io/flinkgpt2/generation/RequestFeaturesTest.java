package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.sampling.StopParameters.RepetitionDetection;
import io.flinkgpt2.sampling.TokenScores;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that use all features at once, alone and together, interrupted and not: the same bits in everything. */
class RequestFeaturesTest {

    private static final Tokenizer TOKENIZER = Tokenizer.gpt2();

    @TempDir
    static Path directory;

    private static Pretrained toy;

    @BeforeAll
    static void open() {
        toy = ToyModel.open(directory, Kernels.best());
    }

    private record Request(int[][] prompts, GenerationParameters parameters) {}

    /** Returns a request of the features that a seed chooses. */
    private static Request request(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[][] prompts = new int[1 + (random.nextInt(4) == 0 ? random.nextInt(3) : 0)][];
        for (int i = 0; i < prompts.length; i++) {
            prompts[i] = random.ints(1 + random.nextInt(90), 0, ToyModel.VOCABULARY - 1)
                    .toArray();
        }
        int maxTokens = random.nextInt(5) == 0 ? random.nextInt(2) : 1 + random.nextInt(40);
        int choices = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
        GenerationParametersBuilder builder = GenerationParameters.builder()
                .setMaxTokens(maxTokens)
                .setSeed(seed)
                .setChoices(choices)
                .setIncludeStopInOutput(random.nextBoolean())
                .setIgnoreEndOfText(random.nextInt(3) == 0)
                .setSkipSpecialTokens(random.nextBoolean());
        if (random.nextBoolean()) {
            builder.setMinTokens(random.nextInt(maxTokens + 1));
        }
        if (random.nextInt(3) == 0) {
            builder.setStopStrings(List.of("a", "Bc", "!!", "\uFFFD"));
        }
        if (random.nextInt(4) == 0) {
            builder.setStopTokenIds(new int[] {3, 50, 71});
        }
        if (random.nextInt(3) == 0) {
            builder.setRepetition(new RepetitionDetection(3, 1, 2));
        }
        if (random.nextInt(3) == 0) {
            builder.setLogprobs(random.nextInt(4)).setEcho(random.nextBoolean());
            if (random.nextBoolean()) {
                builder.setLabelIds(new int[] {5, 9, 2});
            }
        }
        if (random.nextInt(5) == 0) {
            builder.setPromptLogprobs(random.nextInt(3));
        }
        if (random.nextInt(3) == 0) {
            builder.setRepetitionPenalty(1.3).setFrequencyPenalty(0.4).setPresencePenalty(-0.3);
        }
        if (random.nextInt(4) == 0) {
            builder.setLogitBias(new int[] {7, 8}, new float[] {3, -100}).setNoRepeatNgramSize(2);
        }
        if (random.nextInt(4) == 0) {
            builder.setBadWords(List.of("b", "cd"));
        }
        if (random.nextInt(5) == 0) {
            return new Request(
                    prompts,
                    builder.setBeams(new BeamParameters(random.nextInt(3), random.nextBoolean()))
                            .build());
        }
        builder.setTemperature(random.nextInt(3) == 0 ? 0 : 0.5 + random.nextDouble());
        if (random.nextInt(3) == 0) {
            builder.setTopP(0.9).setMinP(0.01).setTypicalP(0.95).setTopK(40);
        }
        if (random.nextInt(4) == 0) {
            builder.setBestOf(choices + random.nextInt(3));
        }
        return new Request(prompts, builder.build());
    }

    private static ContinuousBatch batch(int batchSize, int prefillChunk, boolean prefixes) {
        BatchOptions options = BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, Math.max(8, batchSize), prefillChunk);
        BatchOptions sized = new BatchOptions(
                ToyModel.CONTEXT, batchSize, prefillChunk, options.kvCacheBytes(), prefixes ? 1 << 20 : 0);
        return new ContinuousBatch(toy.model(), TOKENIZER, sized);
    }

    /** Returns everything that a request came to, in words. */
    private static String outcome(RequestGroup group) {
        if (group.failure() != null) {
            return group.failure().toString();
        }
        StringBuilder all = new StringBuilder();
        for (Completion completion : group.completions()) {
            all.append(completion.prompt()).append('/').append(completion.choice());
            all.append(' ').append(completion.stopReason()).append(' ').append(completion.stopString());
            all.append(' ').append(completion.stopTokenId()).append(' ').append(completion.promptTokens());
            all.append(' ').append(List.of(completion.text())).append(java.util.Arrays.toString(completion.tokenIds()));
            append(all, completion.scores(), completion.tokenIds().length);
            append(all, completion.promptScores(), completion.promptTokens() - 1);
            all.append('\n');
        }
        return all.toString();
    }

    private static void append(StringBuilder all, TokenScores scores, int count) {
        for (int i = 0; scores != null && i < count; i++) {
            all.append(' ').append(scores.logProbability(i)).append('#').append(scores.rank(i));
            for (int rank = 0; rank < scores.alternatives(); rank++) {
                all.append('/').append(scores.alternativeId(i, rank));
                all.append('=').append(scores.alternativeLogProbability(i, rank));
            }
            for (int label = 0; label < scores.labelIds().length; label++) {
                all.append(':').append(scores.labelLogProbability(i, label));
            }
        }
        all.append(scores == null ? " unscored" : " scored");
    }

    private static String alone(Request request) {
        ContinuousBatch batch = batch(1, 7, false);
        RequestGroup group = batch.submit(request.prompts(), request.parameters(), 0);
        while (!group.hasEnded()) {
            assertThat(batch.step()).isTrue();
        }
        assertThat(batch.poll()).isSameAs(group);
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.metrics().kvBytesUsed()).isZero();
        return outcome(group);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void rule4_3_rule4_4_everyFeatureGivesTheSameBitsInABatchAndAfterInterruptions(int scenario) {
        SplittableRandom random = new SplittableRandom(scenario);
        int count = 40;
        Map<Integer, String> outcomes = new TreeMap<>();
        List<Integer> toSubmit = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            toSubmit.add(i);
        }
        Map<RequestGroup, Integer> running = new java.util.IdentityHashMap<>();
        ContinuousBatch batch = batch(1 + random.nextInt(9), 1 + random.nextInt(70), scenario % 2 == 0);
        int restarts = 0;
        while (outcomes.size() < count) {
            if (!toSubmit.isEmpty() && random.nextInt(3) == 0) {
                int index = toSubmit.remove(0);
                Request request = request(scenario * 1000L + index);
                running.put(batch.submit(request.prompts(), request.parameters(), random.nextInt(3)), index);
            }
            batch.step();
            for (RequestGroup ended = batch.poll(); ended != null; ended = batch.poll()) {
                outcomes.put(running.remove(ended), outcome(ended));
            }
            if (restarts < 12 && random.nextInt(25) == 0) {
                restarts++;
                List<RequestGroup> inFlight = batch.inFlight();
                assertThat(inFlight).hasSameSizeAs(running.keySet());
                batch = batch(1 + random.nextInt(9), 1 + random.nextInt(70), scenario % 2 == 0);
                for (RequestGroup old : inFlight) {
                    RequestGroup resumed = batch.resume(
                            old.promptTokenIds(),
                            old.parameters(),
                            old.priority(),
                            old.generatedTokenIds(),
                            System.nanoTime());
                    running.put(resumed, running.remove(old));
                }
            }
        }
        assertThat(batch.isIdle()).isTrue();
        assertThat(batch.metrics().kvBytesUsed()).isZero();
        assertThat(restarts).isPositive();
        for (int i = 0; i < count; i++) {
            Request request = request(scenario * 1000L + i);
            assertThat(outcomes.get(i))
                    .as("request %d: %s", i, request.parameters())
                    .isEqualTo(alone(request));
        }
    }

    @Test
    void thousandsOfTokensAreScoredInPartsOfThePass() {
        int[] prompt =
                new SplittableRandom(1).ints(200, 0, ToyModel.VOCABULARY - 1).toArray();
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(0)
                .setPromptLogprobs(2)
                .build();
        for (int chunk : new int[] {1, 63, 200}) {
            ContinuousBatch batch = batch(2, chunk, true);
            RequestGroup group = batch.submit(prompt, parameters, 0);
            RequestGroup again = batch.submit(prompt, parameters, 0);
            while (batch.step()) {
                assertThat(batch.metrics().lastStepRows()).isLessThanOrEqualTo(chunk + 2);
            }
            assertThat(outcome(group))
                    .isEqualTo(outcome(again))
                    .isEqualTo(alone(new Request(new int[][] {prompt}, parameters)));
            assertThat(group.completions().get(0).promptScores().size()).isEqualTo(199);
            assertThat(group.completions().get(0).text()).isEmpty();
        }
    }

    @Test
    void theBestOfSeveralAreThoseOfHighestMeanLogProbability() {
        int[] prompt = {1, 2, 3};
        GenerationParametersBuilder builder =
                GenerationParameters.builder().setMaxTokens(12).setSeed(5).setLogprobs(0);
        ContinuousBatch batch = batch(4, 16, true);
        RequestGroup all = batch.submit(prompt, builder.setChoices(7).build(), 0);
        RequestGroup best =
                batch.submit(prompt, builder.setChoices(3).setBestOf(7).build(), 0);
        while (batch.step()) {}
        List<String> expected = all.completions().stream()
                .sorted(java.util.Comparator.comparingDouble(RequestFeaturesTest::mean)
                        .reversed())
                .limit(3)
                .map(Completion::text)
                .toList();
        assertThat(best.completions()).extracting(Completion::text).containsExactlyElementsOf(expected);
        assertThat(best.completions()).extracting(Completion::choice).containsExactly(0, 1, 2);
    }

    /** The scores hold the token that ended the completion too. */
    private static double mean(Completion completion) {
        return completion.scores().sum(completion.scores().size())
                / completion.scores().size();
    }

    @Test
    void rule4_2_timeEndsARequestWithWhatItHas() throws InterruptedException {
        ContinuousBatch batch = batch(1, 16, true);
        GenerationParametersBuilder builder =
                GenerationParameters.builder().setMaxTokens(200).setIgnoreEndOfText(true);
        RequestGroup running =
                batch.submit(new int[] {1}, builder.setTimeoutMillis(20).build(), 0);
        RequestGroup waiting =
                batch.submit(new int[] {2}, builder.setTimeoutMillis(20).build(), 0);
        RequestGroup beams = batch.submit(
                new int[] {2},
                builder.setTimeoutMillis(20)
                        .setChoices(2)
                        .setBeams(new BeamParameters(1, false))
                        .build(),
                0);
        RequestGroup patient = batch.submit(new int[] {3}, GenerationParameters.greedy(3), 0);
        batch.step();
        Thread.sleep(25);
        while (batch.step()) {}
        assertThat(running.completions().get(0).stopReason()).isEqualTo(StopReason.TIMEOUT);
        assertThat(running.completions().get(0).tokenIds()).hasSizeBetween(1, 199);
        assertThat(waiting.completions().get(0).stopReason()).isEqualTo(StopReason.TIMEOUT);
        assertThat(waiting.completions().get(0).text()).isEmpty();
        assertThat(beams.completions().get(0).stopReason()).isEqualTo(StopReason.TIMEOUT);
        assertThat(patient.completions().get(0).stopReason()).isNotEqualTo(StopReason.TIMEOUT);
        assertThat(batch.metrics().kvBytesUsed()).isZero();
    }

    @Test
    void prefixesAreSharedWithinASaltOnly() {
        ContinuousBatch batch = batch(2, 64, true);
        int[] prompt =
                new SplittableRandom(1).ints(130, 0, ToyModel.VOCABULARY - 1).toArray();
        int[] cached = new int[4];
        String[] salts = {"", "a", "a", ""};
        for (int i = 0; i < salts.length; i++) {
            RequestGroup group = batch.submit(
                    prompt,
                    GenerationParameters.builder()
                            .setMaxTokens(1)
                            .setCacheSalt(salts[i])
                            .build(),
                    0);
            while (batch.step()) {}
            cached[i] = group.completions().get(0).cachedTokens();
        }
        assertThat(cached).containsExactly(0, 0, 129, 129);
    }
}
