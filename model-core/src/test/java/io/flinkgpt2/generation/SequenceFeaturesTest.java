package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.LogitsProcessor;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A logits processor and a stop criterion of a test's own, plugged in as new ones of the product are. */
class SequenceFeaturesTest {

    @TempDir
    static Path directory;

    private static final Tokenizer TOKENIZER = Tokenizer.gpt2();
    private static Pretrained toy;

    @BeforeAll
    static void open() {
        toy = ToyModel.open(directory, Kernels.best());
    }

    /** Never repeats a generated token. */
    private static final class NoRepeat implements LogitsProcessor {
        private final boolean[] seen;

        NoRepeat(boolean[] seen) {
            this.seen = seen;
        }

        @Override
        public void apply(float[] logits, int offset, int vocabularySize) {
            assertThat(vocabularySize).isEqualTo(seen.length);
            for (int id = 0; id < vocabularySize; id++) {
                if (seen[id]) {
                    logits[offset + id] = Float.NEGATIVE_INFINITY;
                }
            }
        }

        @Override
        public void accept(int tokenId) {
            seen[tokenId] = true;
        }

        @Override
        public LogitsProcessor fork() {
            return new NoRepeat(seen.clone());
        }
    }

    /** Ends a sequence when the sum of its generated ids is a multiple of a number; fails at a token if told to. */
    private static final class SumCriterion implements StopCriteria {
        private final int divisor;
        private final int failingToken;
        private int sum;

        SumCriterion(int divisor, int failingToken, int sum) {
            this.divisor = divisor;
            this.failingToken = failingToken;
            this.sum = sum;
        }

        @Override
        public Stop before(int tokenId) {
            if (tokenId == failingToken) {
                throw new IllegalStateException("thrown by the test");
            }
            sum += tokenId;
            return null;
        }

        @Override
        public Stop after(Sequence sequence) {
            assertThat(sum)
                    .isEqualTo(Arrays.stream(sequence.generatedTokenIds()).sum());
            return sum % divisor == 0 ? new Stop(StopReason.END_OF_TEXT, null, -1, -1, 1) : null;
        }

        @Override
        public StopCriteria fork() {
            return new SumCriterion(divisor, failingToken, sum);
        }
    }

    private static SequenceFeatures features(boolean noRepeat, int divisor, int failingToken) {
        return new SequenceFeatures() {
            @Override
            public int vocabularySize() {
                return ToyModel.VOCABULARY;
            }

            @Override
            public List<LogitsProcessor> processors(GenerationParameters parameters, int[] prompt, int maxLength) {
                return noRepeat ? List.of(new NoRepeat(new boolean[ToyModel.VOCABULARY])) : List.of();
            }

            @Override
            public List<StopCriteria> stopCriteria(GenerationParameters parameters) {
                return divisor == 0 ? List.of() : List.of(new SumCriterion(divisor, failingToken, 0));
            }
        };
    }

    private static ContinuousBatch batch(int batchSize, SequenceFeatures features) {
        BatchOptions options = BatchOptions.roomy(toy.config(), ToyModel.CONTEXT, batchSize, 16);
        return new ContinuousBatch(toy.model(), TOKENIZER, options, new Workers(1), features);
    }

    private static TestRequest request(long seed, int maxTokens) {
        return new TestRequest(
                new int[] {7, 8, (int) seed},
                GenerationParameters.builder()
                        .setMaxTokens(maxTokens)
                        .setTemperature(seed % 2)
                        .setSeed(seed)
                        .build());
    }

    private static RequestGroup finish(ContinuousBatch batch, RequestGroup request) {
        while (!request.hasEnded()) {
            batch.step();
        }
        return request;
    }

    private static int[] ids(RequestGroup request) {
        assertThat(request.failure()).isNull();
        return request.completions().get(0).tokenIds();
    }

    @Test
    void aProcessorShapesWhatIsChosenAndAnAbsentOneChangesNothing() {
        PlainGenerator plain = new PlainGenerator(toy, ToyModel.CONTEXT, 16);
        ContinuousBatch shaped = batch(4, features(true, 0, -1));
        ContinuousBatch unshaped = batch(4, features(false, 0, -1));
        for (int seed = 1; seed < 9; seed++) {
            TestRequest request = request(seed, 60);
            int[] ids = ids(finish(shaped, request.submitTo(shaped)));
            assertThat(Arrays.stream(ids).distinct().count()).isEqualTo(60);
            TestRequest toTheEnd = new TestRequest(
                    request.promptTokenIds(),
                    GenerationParameters.builder()
                            .setSampling(request.parameters().sampling())
                            .setMaxTokens(60)
                            .setIgnoreEndOfText(true)
                            .setSeed(seed)
                            .build());
            assertThat(ids(finish(unshaped, request.submitTo(unshaped))))
                    .containsExactly(plain.complete(toTheEnd).tokenIds());
        }
    }

    @Test
    void rule4_4_theirStateIsAFunctionOfTheTokensSoARestoredSequenceGoesOnWithTheSameBits() {
        for (int seed = 1; seed < 5; seed++) {
            ContinuousBatch whole = batch(1, features(true, 97, -1));
            RequestGroup uninterrupted = finish(whole, request(seed, 80).submitTo(whole));
            int[] ids = ids(uninterrupted);
            Completion completion = uninterrupted.completions().get(0);
            for (int done = 0; done <= ids.length; done += 7) {
                ContinuousBatch other = batch(3, features(true, 97, -1));
                request(seed + 10, 80).submitTo(other);
                RequestGroup resumed =
                        request(seed, 80).resumeIn(other, 0, List.of(Arrays.copyOf(ids, Math.min(done, ids.length))));
                assertThat(ids(finish(other, resumed))).as("after %d", done).containsExactly(ids);
                assertThat(resumed.completions().get(0).text()).isEqualTo(completion.text());
                assertThat(resumed.completions().get(0).stopReason()).isEqualTo(completion.stopReason());
            }
        }
    }

    @Test
    void rule4_2_aCriterionEndsASequenceAndCutsItsText() {
        ContinuousBatch batch = batch(1, features(false, 5, -1));
        int ended = 0;
        for (int seed = 1; seed < 20; seed++) {
            RequestGroup request = finish(batch, request(seed, 40).submitTo(batch));
            Completion completion = request.completions().get(0);
            int[] ids = completion.tokenIds();
            int first = 1;
            while (first < ids.length && Arrays.stream(ids, 0, first).sum() % 5 != 0) {
                first++;
            }
            assertThat(ids).hasSize(first);
            boolean byTheCriterion = Arrays.stream(ids).sum() % 5 == 0;
            ended += byTheCriterion ? 1 : 0;
            assertThat(completion.stopReason())
                    .isEqualTo(byTheCriterion ? StopReason.END_OF_TEXT : StopReason.MAX_TOKENS);
            String text = TOKENIZER.decode(true, ids);
            assertThat(completion.text()).isEqualTo(byTheCriterion ? text.substring(0, 1) : text);
        }
        assertThat(ended).isGreaterThan(10);
    }

    @Test
    void oneThatThrowsEndsItsSequenceAlone() {
        ContinuousBatch batch = batch(8, features(true, 0, -1));
        ContinuousBatch failing = batch(8, features(true, 1_000_000, 50));
        List<RequestGroup> all = new ArrayList<>();
        for (int seed = 1; seed < 30; seed++) {
            all.add(request(seed, 20).submitTo(failing));
        }
        while (failing.step()) {
            // until all have ended
        }
        int failed = 0;
        for (int seed = 1; seed < 30; seed++) {
            int[] expected = ids(finish(batch, request(seed, 20).submitTo(batch)));
            RequestGroup request = all.get(seed - 1);
            if (Arrays.stream(expected).anyMatch(id -> id == 50)) {
                assertThat(request.failure()).hasMessage("thrown by the test");
                failed++;
            } else {
                assertThat(ids(request)).containsExactly(expected);
            }
        }
        assertThat(failed).isBetween(1, 28);
        assertThat(failing.metrics().kvBytesUsed()).isZero();
        assertThat(failing.isIdle()).isTrue();
    }
}
