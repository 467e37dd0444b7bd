package io.flinkgpt2.job.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.hub.ModelHubException;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.streaming.util.MockStreamingRuntimeContext;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedModelTest {

    @TempDir
    private Path directory;

    private final Job job = new Job();
    private final List<SharedModel> inUse = new ArrayList<>();

    /** Leaves nothing to other tests. */
    @AfterEach
    void end() {
        inUse.forEach(SharedModel::release);
        job.end();
    }

    @Test
    void slotsThatOpenItAtTheSameTimeShareOneModel() throws Exception {
        TinyModel.write(directory, 1);
        int slots = 4;
        CyclicBarrier start = new CyclicBarrier(slots);
        ExecutorService threads = Executors.newFixedThreadPool(slots);
        List<Future<SharedModel>> acquired = new ArrayList<>();
        for (int slot = 0; slot < slots; slot++) {
            acquired.add(threads.submit(() -> {
                start.await();
                return SharedModel.acquire(settings(directory), job);
            }));
        }
        for (Future<SharedModel> model : acquired) {
            inUse.add(model.get());
        }
        threads.shutdown();

        Pretrained first = inUse.get(0).pretrained();
        assertThat(inUse).allSatisfy(model -> assertThat(model.pretrained()).isSameAs(first));
    }

    @Test
    void aPathIsTheSameHoweverItIsSpelt() throws Exception {
        TinyModel.write(directory.resolve("a"), 1);
        TinyModel.write(directory.resolve("b"), 1);

        Pretrained a = acquire(directory.resolve("a"));
        assertThat(acquire(directory.resolve("b/../a/."))).isSameAs(a);
        assertThat(acquire(directory.resolve("b"))).isNotSameAs(a);
    }

    @Test
    void eachWayOfLoadingIsAModelOfItsOwnWhatItIsCalledIsNot() throws Exception {
        TinyModel.write(directory, 1);
        Pretrained plain = acquire(directory);
        Pretrained bf16 = acquire(settings(directory, Precision.BF16, null));
        Pretrained relu = acquire(settings(directory, Precision.F32, Activation.RELU));

        assertThat(bf16).isNotSameAs(plain);
        assertThat(bf16.precision()).isEqualTo(Precision.BF16);
        assertThat(relu).isNotSameAs(plain);
        assertThat(relu.config().activation()).isEqualTo(Activation.RELU);
        assertThat(acquire(settings(directory, Precision.BF16, null))).isSameAs(bf16);
        assertThat(acquire(settings(directory, Precision.F32, Activation.RELU))).isSameAs(relu);
        assertThat(acquire(new ModelSettings(directory.toString(), List.of("other"), Precision.F32, null)))
                .isSameAs(plain);
    }

    @Test
    void aLoadThatFailedIsTriedAgain() throws Exception {
        Path model = Files.createDirectory(directory.resolve("late"));
        assertThatThrownBy(() -> acquire(model))
                .isInstanceOf(InvalidModelException.class)
                .hasMessageContainingAll(model.toString(), "model.safetensors");

        TinyModel.write(model, 1);
        assertThat(acquire(model).config().embeddingSize()).isEqualTo(8);
    }

    @Test
    void aModelThatNobodyHasOpenIsKeptUntilTheJobEnds() throws Exception {
        TinyModel.write(directory, 1);
        Pretrained model = acquire(directory);
        inUse.remove(0).release();

        assertThat(acquire(directory)).isSameAs(model);

        inUse.remove(0).release();
        job.end();
        assertThat(acquire(directory)).isNotSameAs(model);
    }

    @Test
    void aModelThatAnotherHasOpenOutlivesTheEndOfAJob() throws Exception {
        TinyModel.write(directory, 1);
        Pretrained model = acquire(directory);
        acquire(directory);
        inUse.remove(0).release();

        job.end();

        assertThat(acquire(directory)).isSameAs(model);
    }

    @Test
    void aFailedLoadKeepsNothingOpen() throws Exception {
        Path model = directory.resolve("never");
        assertThatThrownBy(() -> acquire(model)).isInstanceOf(ModelHubException.class);
        TinyModel.write(model, 1);
        Pretrained first = acquire(model);
        inUse.remove(0).release();

        job.end();

        assertThat(acquire(model)).isNotSameAs(first);
    }

    /** The cache of the tests, and that they touch no network, stands in their environment. */
    @Test
    void aNameIsLookedForInTheCache() throws Exception {
        Path cached = Path.of(System.getenv("FLINK_GPT2_HOME"), "models", "someone", "tiny@main");
        assertThatThrownBy(() -> SharedModel.acquire(settings("someone/tiny"), job))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContainingAll("there is no file or directory", "nothing of it in " + cached, "offline");

        TinyModel.write(cached, 1);
        try {
            Files.writeString(cached.resolve("manifest.json"), """
                    {"format": 1, "files": [{"name": "config.json", "size": %d, "git_blob": "%s"}]}""".formatted(
                            Files.size(cached.resolve("config.json")), "0".repeat(40)));
            inUse.add(SharedModel.acquire(settings("someone/tiny"), job));
            assertThat(acquire(cached)).isSameAs(inUse.get(0).pretrained());
        } finally {
            FileUtils.deleteDirectory(cached.toFile());
        }
    }

    private static ModelSettings settings(Object pathOrName) {
        return settings(pathOrName, Precision.F32, null);
    }

    private static ModelSettings settings(Object pathOrName, Precision precision, Activation activation) {
        return new ModelSettings(pathOrName.toString(), List.of("tiny"), precision, activation);
    }

    private Pretrained acquire(ModelSettings settings) throws IOException {
        SharedModel shared = SharedModel.acquire(settings, job);
        inUse.add(shared);
        return shared.pretrained();
    }

    private Pretrained acquire(Path model) throws IOException {
        return acquire(settings(model));
    }

    /** A task's context that keeps the hooks which Flink runs when it lets go of the job's classes. */
    private static final class Job extends MockStreamingRuntimeContext {

        private final Map<String, Runnable> hooks = new HashMap<>();

        private Job() {
            super(1, 0);
        }

        @Override
        public synchronized void registerUserCodeClassLoaderReleaseHookIfAbsent(String name, Runnable hook) {
            hooks.putIfAbsent(name, hook);
        }

        private void end() {
            assertThat(hooks).hasSizeLessThanOrEqualTo(1);
            hooks.values().forEach(Runnable::run);
        }
    }
}
