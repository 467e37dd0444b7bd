package io.flinkgpt2.job.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.job.function.ModelMemory;
import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.BeamParameters;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KvCacheBudgetTest {

    private static final int SLOTS = 2;

    private static Path path;
    private static Pretrained model;
    private static long weights;
    private static long oneSequence;

    @BeforeAll
    static void writeModel(@TempDir Path directory) throws Exception {
        path = TinyModel.write(directory.resolve("tiny"), 1);
        model = Pretrained.open(path);
        weights = ModelMemory.weightBytes(model.config(), model.precision());
        oneSequence = KvBlocks.blocksFor(TinyModel.CONTEXT_LENGTH) * KvBlocks.blockBytes(model.config());
    }

    @Test
    void aLargeHeapHasRoomForTheWidestBeamSearchAndNoMoreIsTaken() {
        BatchOptions options = options(null, null, 1L << 40);
        // A beam may have a block more than a sequence of its length: the copy that it goes on in.
        assertThat(options.kvCacheBytes()).isEqualTo(BeamParameters.MAX_WIDTH * 2 * oneSequence);
        assertThat(options.prefixCacheBytes()).isEqualTo(10 * oneSequence);
        assertThat(options.batchSize()).isEqualTo(10);
        assertThat(options.maxContext()).isEqualTo(TinyModel.CONTEXT_LENGTH);
    }

    @Test
    void aLargeHeapHasRoomForABatchThatTakesMoreThanBeams() {
        BatchOptions options = options(100, null, null, 1L << 40);
        assertThat(options.kvCacheBytes()).isEqualTo(100 * oneSequence);
        assertThat(options.prefixCacheBytes()).isEqualTo(options.kvCacheBytes());
    }

    @Test
    void theHeapThatIsPlannedGivesEachSlotAFullBatch() {
        long heap = ModelMemory.heapBytes(model.config(), model.precision(), TinyModel.CONTEXT_LENGTH, 10, SLOTS);

        assertThat(options(null, null, heap).kvCacheBytes()).isEqualTo(10 * oneSequence);
        assertThat(options(null, null, heap - 2 * SLOTS).kvCacheBytes()).isLessThan(10 * oneSequence);
    }

    @Test
    void aSmallHeapGivesHalfOfWhatTheWeightsLeaveToTheSlotsAlike() {
        assertThat(options(null, null, weights + 2 * SLOTS * 3 * oneSequence).kvCacheBytes())
                .isEqualTo(3 * oneSequence);
    }

    @Test
    void aHeapWithoutRoomForOneSequenceIsRefusedWithTheNumberThatIsEnough() {
        long enough = weights + 2 * SLOTS * oneSequence;
        assertThat(options(null, null, enough).kvCacheBytes()).isEqualTo(oneSequence);
        assertThatThrownBy(() -> options(null, null, enough - 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(
                        "found " + (enough - 1),
                        "at least " + enough,
                        "taskmanager.memory.task.heap.size",
                        "smaller max-context",
                        "No max-context fits this heap.");
    }

    @Test
    void aNumberOfBytesThatWasChosenIsTakenIfItFits() {
        long enough = (weights + SLOTS * 20 * oneSequence) / 7 * 8 + 8;
        assertThat(options(20 * oneSequence, null, enough).kvCacheBytes()).isEqualTo(20 * oneSequence);
        assertThatThrownBy(() -> options(20 * oneSequence, null, weights + SLOTS * 20 * oneSequence))
                .hasMessageContainingAll("at least " + enough, "kv-cache.bytes of " + 20 * oneSequence);
    }

    @Test
    void prefixesMayTakeLessThanTheCacheButNotMore() {
        assertThat(options(null, 0L, 1L << 40).prefixCacheBytes()).isZero();
        assertThat(options(null, 5L, 1L << 40).prefixCacheBytes()).isEqualTo(5);
        assertThat(options(oneSequence, Long.MAX_VALUE, 1L << 40).prefixCacheBytes())
                .isEqualTo(oneSequence);
    }

    private static BatchOptions options(Long kvCacheBytes, Long prefixCacheBytes, long heapBytes) {
        return options(10, kvCacheBytes, prefixCacheBytes, heapBytes);
    }

    private static BatchOptions options(int batchSize, Long kvCacheBytes, Long prefixCacheBytes, long heapBytes) {
        return KvCacheBudget.batchOptions(
                model,
                OperatorHarness.settings(path),
                new BatchSettings(batchSize, Duration.ZERO, kvCacheBytes, prefixCacheBytes),
                heapBytes,
                SLOTS);
    }
}
