package io.flinkgpt2.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever happens in a batch, by one, two or three threads, each request gets the bits that it gets alone: sequences join and leave at random, are
 * cancelled, interrupted and resumed, in the same batch and in another one with other limits.
 */
class ContinuousBatchPropertiesTest {

    private static final int REQUESTS = 36;

    @TempDir
    static Path directory;

    /** Engines of one, two and three threads. */
    private static final List<Workers> WORKERS = List.of(new Workers(1), new Workers(2), new Workers(3));

    private static Bench vector;
    private static Bench scalar;

    /** A model, requests, and what each of them comes to alone. */
    private static final class Bench {
        final RecordingKernels kernels;
        final Pretrained pretrained;
        final List<TestRequest> requests = new ArrayList<>();
        final List<List<Completion>> alone = new ArrayList<>();
        final Set<Long> logitsAlone = new HashSet<>();

        Bench(Kernels kernels) {
            this.kernels = new RecordingKernels(kernels);
            pretrained = ToyModel.open(directory.resolve(kernels.name()), this.kernels);
            PlainGenerator generator = new PlainGenerator(pretrained, ToyModel.CONTEXT, 64);
            SplittableRandom random = new SplittableRandom(11);
            int[][] stems = {ids(random, 70), ids(random, 135), ids(random, 200), ids(random, 128)};
            for (int i = 0; i < REQUESTS; i++) {
                TestRequest request = request(random, stems[i % stems.length], i);
                requests.add(request);
                List<Completion> choices = new ArrayList<>();
                for (int choice = 0; choice < request.parameters().choices(); choice++) {
                    choices.add(generator.complete(request, choice));
                }
                alone.add(choices);
            }
            logitsAlone.addAll(this.kernels.take());
        }

        private static int[] ids(SplittableRandom random, int n) {
            return random.ints(n, 1, ToyModel.VOCABULARY).toArray();
        }

        private static TestRequest request(SplittableRandom random, int[] stem, int i) {
            int shared = random.nextInt(4) == 0 ? random.nextInt(stem.length) : stem.length;
            int[] own = ids(random, random.nextInt(3) == 0 ? 0 : random.nextInt(20));
            int[] prompt = IntStream.concat(Arrays.stream(stem, 0, shared), Arrays.stream(own))
                    .toArray();
            int maxTokens = random.nextInt(8) == 0 ? 1000 : random.nextInt(24);
            GenerationParametersBuilder parameters = GenerationParameters.builder()
                    .setMaxTokens(maxTokens)
                    .setSeed(i)
                    .setChoices(i % 9 == 4 ? 3 : 1);
            return new TestRequest(
                    prompt,
                    i % 3 == 0
                            ? parameters.setTemperature(0).build()
                            : parameters
                                    .setTemperature(1.1)
                                    .setTopK(i % 2 * 20)
                                    .setTopP(0.97)
                                    .build());
        }
    }

    @AfterAll
    static void endTheThreads() {
        WORKERS.forEach(Workers::close);
    }

    static Stream<Arguments> prefillChunks() {
        return IntStream.rangeClosed(1, 64)
                .boxed()
                .flatMap(chunk -> Stream.of(
                        Arguments.of(chunk, 1 + chunk * 10 % 33, chunk % 2 == 0, false),
                        Arguments.of(chunk, 1 + chunk * 7 % 33, chunk % 2 == 1, chunk % 8 == 0)));
    }

    @ParameterizedTest(name = "prefill chunk {0}, batch size {1}, prefix cache {2}, scalar {3}")
    @MethodSource("prefillChunks")
    void rule4_3_rule4_4_everyRequestGetsTheBitsThatItGetsAlone(
            int chunk, int batchSize, boolean prefixes, boolean scalarKernels) {
        new Scenario(bench(scalarKernels), chunk, batchSize, prefixes).run();
    }

    private static Bench bench(boolean scalarKernels) {
        if (scalarKernels) {
            scalar = scalar == null ? new Bench(Kernels.reference()) : scalar;
            return scalar;
        }
        vector = vector == null ? new Bench(Kernels.best()) : vector;
        return vector;
    }

    /** One random history. */
    private static final class Scenario {
        private static final int SUBMISSIONS = 30;

        private final Bench bench;
        private final SplittableRandom random;
        private final String description;
        private final boolean prefixes;
        private final Map<RequestGroup, Integer> requestOf = new HashMap<>();
        private final Set<RequestGroup> cancelled = new HashSet<>();
        private ContinuousBatch batch;
        private int submitted;
        private int ended;
        private int interrupted;

        Scenario(Bench bench, int chunk, int batchSize, boolean prefixes) {
            long seed = chunk * 1000L + batchSize;
            this.bench = bench;
            this.random = new SplittableRandom(seed);
            this.prefixes = prefixes;
            this.description = "chunk " + chunk + ", batch size " + batchSize + ", seed " + seed;
            this.batch = batch(chunk, batchSize);
        }

        private ContinuousBatch batch(int chunk, int batchSize) {
            long block = KvBlocks.blockBytes(bench.pretrained.config());
            long bytes = (5 + random.nextInt(5 * batchSize)) * block;
            long prefixBytes = prefixes ? 1 + random.nextInt(20) * block : 0;
            return new ContinuousBatch(
                    bench.pretrained.model(),
                    bench.pretrained.tokenizer(),
                    new BatchOptions(ToyModel.CONTEXT, batchSize, chunk, bytes, prefixBytes),
                    WORKERS.get(chunk % 6 == 0 ? random.nextInt(WORKERS.size()) : 0));
        }

        void run() {
            while (submitted < SUBMISSIONS || !batch.isIdle()) {
                int dice = random.nextInt(20);
                if (dice < 8 && submitted < SUBMISSIONS) {
                    submit();
                } else if (dice == 8) {
                    cancelOne();
                } else if (dice == 9) {
                    interruptOne();
                } else if (dice == 10 && random.nextInt(10) == 0) {
                    moveAll();
                } else {
                    batch.step();
                    checkMemory();
                }
                pollAll();
            }
            assertThat(ended).as(description).isEqualTo(submitted + interrupted);
            assertThat(batch.metrics().kvBytesUsed()).as(description).isZero();
            assertThat(bench.logitsAlone).as("logits, %s", description).containsAll(bench.kernels.take());
        }

        private void submit() {
            int request = random.nextInt(REQUESTS);
            requestOf.put(bench.requests.get(request).submitTo(batch, random.nextInt(3)), request);
            submitted++;
        }

        private void cancelOne() {
            RequestGroup inFlight = any();
            if (inFlight != null) {
                cancelled.add(inFlight);
                assertThat(batch.cancel(inFlight)).as(description).isTrue();
                assertThat(batch.cancel(inFlight)).as(description).isFalse();
            }
        }

        private void interruptOne() {
            RequestGroup inFlight = any();
            if (inFlight != null) {
                cancelOf(inFlight);
                resume(inFlight);
            }
        }

        private void cancelOf(RequestGroup inFlight) {
            cancelled.add(inFlight);
            batch.cancel(inFlight);
            interrupted++;
        }

        /** As after a failure: everything in flight goes on in a new batch with other limits. */
        private void moveAll() {
            List<RequestGroup> all = batch.inFlight();
            batch = batch(1 + random.nextInt(64), 1 + random.nextInt(33));
            all.forEach(this::resume);
        }

        private void resume(RequestGroup old) {
            RequestGroup again = TestRequest.of(old).resumeIn(batch, old.priority(), old.generatedTokenIds());
            requestOf.put(again, requestOf.get(old));
        }

        private RequestGroup any() {
            List<RequestGroup> all = batch.inFlight();
            return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
        }

        private void checkMemory() {
            BatchMetrics metrics = batch.metrics();
            assertThat(metrics.kvBytesUsed() + metrics.kvBytesIdle() + metrics.kvBytesUnheld())
                    .as(description)
                    .isEqualTo(metrics.kvBytesTotal())
                    .isLessThanOrEqualTo(batch.options().kvCacheBytes());
            assertThat(metrics.kvBytesIdle())
                    .as(description)
                    .isLessThanOrEqualTo(batch.options().prefixCacheBytes());
            assertThat(metrics.lastStepPromptRows())
                    .as(description)
                    .isLessThanOrEqualTo(batch.options().prefillChunk());
        }

        private void pollAll() {
            for (RequestGroup request = batch.poll(); request != null; request = batch.poll()) {
                List<Completion> alone = bench.alone.get(requestOf.get(request));
                List<Completion> completions = request.completions();
                assertThat(completions).as(description).hasSameSizeAs(alone);
                for (int choice = 0; choice < alone.size(); choice++) {
                    check(cancelled.contains(request), completions.get(choice), alone.get(choice));
                }
                ended++;
            }
        }

        private void check(boolean wasCancelled, Completion completion, Completion alone) {
            assertThat(completion.choice()).as(description).isEqualTo(alone.choice());
            if (wasCancelled) {
                // A choice that had ended before keeps its reason.
                assertThat(completion.stopReason()).as(description).isIn(StopReason.CANCELLED, alone.stopReason());
                int generated = completion.tokenIds().length;
                assertThat(completion.tokenIds())
                        .as(description)
                        .containsExactly(Arrays.copyOf(alone.tokenIds(), generated));
                return;
            }
            assertThat(completion.tokenIds()).as(description).containsExactly(alone.tokenIds());
            assertThat(completion.text()).as(description).isEqualTo(alone.text());
            assertThat(completion.stopReason()).as(description).isEqualTo(alone.stopReason());
            assertThat(completion.promptTokens()).as(description).isEqualTo(alone.promptTokens());
            // The choices of one request share its prompt without a prefix cache too.
            boolean shares = prefixes || completion.choice() > 0;
            assertThat(completion.cachedTokens()).as(description).isBetween(0, shares ? completion.promptTokens() : 0);
        }
    }
}
