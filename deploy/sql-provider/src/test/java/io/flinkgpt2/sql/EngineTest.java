package io.flinkgpt2.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EngineTest {

    private static final int CONTEXT = 64;
    private static final int PLACES = 3;
    private static final long PATIENCE_S = 120;

    private static Pretrained model;

    @BeforeAll
    static void load() throws IOException {
        model = Pretrained.open(Models.BUNDLED);
    }

    private static Engine engine() {
        return engine(sequences -> assertThat(sequences).isBetween(1, PLACES));
    }

    private static Engine engine(Engine.StepListener listener) {
        return new Engine(
                model, BatchOptions.roomy(model.config(), CONTEXT, PLACES, 16), "engine of the test", listener);
    }

    private static RowRequest request(int number, int maxTokens) {
        int[] prompt = model.tokenizer().encode("Once upon a time " + number, false);
        GenerationParameters parameters = GenerationParameters.builder()
                .setMaxTokens(maxTokens)
                .setSeed(number)
                .build();
        return new RowRequest(prompt, 0, parameters);
    }

    private static List<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("engine of the test") && thread.isAlive())
                .toList();
    }

    @Test
    void moreRequestsThanPlacesHaveTheTextsOfOneAtATime() throws Exception {
        Generator alone = new Generator(model.model(), model.tokenizer(), CONTEXT, 16);
        try (Engine engine = engine()) {
            List<CompletableFuture<RequestGroup>> ended = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                ended.add(engine.submit(request(i, 1 + i)));
            }
            for (int i = 0; i < 12; i++) {
                RowRequest request = request(i, 1 + i);
                assertThat(ended.get(i)
                                .get(PATIENCE_S, TimeUnit.SECONDS)
                                .completions()
                                .get(0)
                                .tokenIds())
                        .isEqualTo(alone.complete(request.promptTokenIds(), request.parameters())
                                .tokenIds());
            }
        }
        assertThat(threads()).isEmpty();
    }

    @Test
    void aRequestThatTheBatchRefusesFailsAlone() throws Exception {
        try (Engine engine = engine()) {
            RowRequest tooLong = new RowRequest(new int[CONTEXT], 0, GenerationParameters.greedy(1));
            CompletableFuture<RequestGroup> refused = engine.submit(tooLong);
            CompletableFuture<RequestGroup> other = engine.submit(request(1, 2));

            assertThatThrownBy(() -> refused.get(PATIENCE_S, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(IllegalArgumentException.class);
            assertThat(other.get(PATIENCE_S, TimeUnit.SECONDS).completions()).hasSize(1);
        }
    }

    @Test
    void whenTheThreadFailsAllThatIsAndWillBeInFlightFails() throws Exception {
        Engine.StepListener failing = sequences -> {
            throw new OutOfMemoryError("of the test");
        };
        try (Engine engine = engine(failing)) {
            CompletableFuture<RequestGroup> inFlight = engine.submit(request(1, 2));
            assertThatThrownBy(() -> inFlight.get(PATIENCE_S, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(OutOfMemoryError.class);
            CompletableFuture<RequestGroup> later = engine.submit(request(2, 2));
            assertThatThrownBy(() -> later.get(PATIENCE_S, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(OutOfMemoryError.class);
        }
        assertThat(threads()).isEmpty();
    }

    @Test
    void closingEndsTheThreadAndLeavesRequestsInFlight() {
        CompletableFuture<RequestGroup> endless;
        try (Engine engine = engine()) {
            endless = engine.submit(request(1, 60));
        }

        assertThat(threads()).isEmpty();
        assertThat(endless.isCompletedExceptionally()).isFalse();
    }

    @Test
    void aModelIsLoadedOnceAndKeptForTheNext() throws IOException {
        SharedModel first = SharedModel.acquire(Models.BUNDLED.toString(), LoadOptions.defaults());
        SharedModel second = SharedModel.acquire(Models.BUNDLED.toString(), LoadOptions.defaults());
        Pretrained loaded = first.pretrained();

        assertThat(second.pretrained()).isSameAs(loaded);
        first.release();
        second.release();
        assertThat(first.pretrained()).isNull();
        SharedModel again = SharedModel.acquire(Models.BUNDLED.toString(), LoadOptions.defaults());
        assertThat(again.pretrained()).isSameAs(loaded);
        again.release();
    }

    @Test
    void memoryThatIsTooSmallIsRefusedWithTheSizeThatItTakes() {
        ProviderSettings.Limits limits = new ProviderSettings.Limits(256, 32, 128, null);
        assertThatThrownBy(() -> EngineMemory.requireRoom(model.config(), model.precision(), 1 << 20))
                .hasMessageStartingWith("heap of the TaskManager: found 1048576 bytes, expected at least ")
                .hasMessageContaining("for the weights alone");
        assertThatThrownBy(() -> EngineMemory.batchOptions(model, limits, 35L << 20, 2))
                .hasMessageContaining("2 subtasks")
                .hasMessageContaining("Raise taskmanager.memory.task.heap.size by");
        assertThatThrownBy(() ->
                        EngineMemory.batchOptions(model, new ProviderSettings.Limits(256, 32, 128, 1000L), 1L << 30, 2))
                .hasMessageContaining("kv-cache-size: found 1000 bytes, expected at least ");
        assertThat(EngineMemory.batchOptions(model, limits, 1L << 30, 2))
                .isEqualTo(BatchOptions.roomy(model.config(), 256, 32, 128));
    }
}
