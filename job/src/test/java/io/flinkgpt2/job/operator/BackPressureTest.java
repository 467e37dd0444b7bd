package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.LONG;
import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.flinkgpt2.generation.BatchOptions;
import io.flinkgpt2.generation.ContinuousBatch;
import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.pretrained.Pretrained;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The values that requests keep so that they can start again. Places and held-back answers are the operator's tests'. */
class BackPressureTest {

    private static Pretrained model;

    @BeforeAll
    static void writeModel(@TempDir Path directory) throws Exception {
        model = Pretrained.open(TinyModel.write(directory.resolve("tiny"), 1));
    }

    private static BackPressure withRoomFor(long valueBytes, Duration maxHold) {
        BatchSettings settings = batch(4, maxHold);
        ContinuousBatch batch = new ContinuousBatch(
                model.model(),
                model.tokenizer(),
                BatchOptions.roomy(model.config(), TinyModel.CONTEXT_LENGTH, settings.batchSize(), 8));
        return new BackPressure(settings, batch, new AnswersAsTheyEnd(request -> {}), valueBytes);
    }

    private static RequestInFlight request(int valueBytes) {
        PromptRequest request = OperatorHarness.request("r", 1, 1);
        request.record.value = new byte[valueBytes];
        return new RequestInFlight(request, "identity");
    }

    @Test
    void recordsMakeStepsUntilValuesAreGivenUp() {
        BackPressure pressure = withRoomFor(1000, LONG);
        Deque<RequestInFlight> kept = new ArrayDeque<>(List.of(request(999), request(500), request(2)));
        kept.forEach(pressure::joined);
        assertThat(pressure.isFull()).isTrue();

        pressure.hold(() -> {
            RequestInFlight ended = kept.remove();
            pressure.left(ended);
            ended.answered(new CompletionRecord());
            assertThat(ended.request.receivedBytes()).isZero();
        });

        assertThat(kept).hasSize(2);
        assertThat(pressure.isFull()).isFalse();
        pressure.hold(() -> fail("there is room"));
    }

    @Test
    void aRecordThatMayNotHoldTheTaskJoins() {
        BackPressure pressure = withRoomFor(10, Duration.ZERO);
        pressure.joined(request(1000));
        pressure.hold(() -> fail("no step is made"));
    }

    @Test
    void theRoomIsAPartOfWhatTheWeightsLeave() {
        long weights = 4L * (50257 * 8 + 32 * 8);
        long share = BackPressure.mostValueBytes(model, weights + (64 << 20), 2);
        assertThat(share).isBetween((4L << 20) - 1024, 4L << 20);
        assertThat(BackPressure.mostValueBytes(model, 0, 1)).isEqualTo(1);
    }
}
