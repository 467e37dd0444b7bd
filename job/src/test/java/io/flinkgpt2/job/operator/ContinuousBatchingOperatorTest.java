package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.LONG;
import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static io.flinkgpt2.job.operator.OperatorHarness.request;
import static io.flinkgpt2.job.operator.OperatorHarness.requests;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.flink.runtime.execution.CancelTaskException;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.types.PojoTestUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The operator's steps, one mail at a time, on a tiny model. State is {@link ContinuousBatchingStateTest}'s. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class ContinuousBatchingOperatorTest {

    private static Path model;
    /** Its weights are finite, but what is computed from them is not. */
    private static Path overflowingModel;

    @BeforeAll
    static void writeModels(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
        overflowingModel = TinyModel.write(directory.resolve("overflowing"), 1e37f);
    }

    @Test
    void theAnswersAreThoseOfOnePromptAtATime() throws Exception {
        List<PromptRequest> requests = requests(40, 1);
        try (OperatorHarness operator = OperatorHarness.open(model, batch(6, LONG))) {
            for (PromptRequest request : requests) {
                operator.process(request);
                operator.takeMail();
            }
            operator.takeAllMails();

            assertThat(operator.answers())
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics")
                    .containsExactlyInAnyOrderElementsOf(OperatorHarness.oneByOne(model, requests));
        }
    }

    @Test
    void theBatchFillsBeforeItSteps() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(4, LONG))) {
            for (int i = 0; i < 3; i++) {
                operator.process(request("r-" + i, 3, i));
                operator.takeMails(1);
            }
            // No record came between these: each is a step, and each step makes a token.
            operator.takeMails(2);
            assertThat(operator.answers()).isEmpty();
            operator.takeMails(1);
            assertThat(operator.answered()).containsExactly("r-0", "r-1", "r-2");
            assertThat(operator.takeMail()).isFalse();
        }
    }

    @Test
    void aFullBatchStepsThoughRecordsArrive() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(2, LONG))) {
            operator.process(List.of(request("a", 2, 1), request("b", 3, 2)));
            operator.takeMails(2);
            assertThat(operator.answered()).containsExactly("a");
        }
    }

    @Test
    void aRecordThatFindsTheBatchFullMakesStepsUntilAPlaceIsFree() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(2, LONG))) {
            operator.process(List.of(request("a", 5, 1), request("b", 3, 2)));
            assertThat(operator.answers()).isEmpty();

            operator.process(request("c", 1, 3));
            assertThat(operator.answered()).containsExactly("b");
            operator.takeMails(1);
            assertThat(operator.answered()).containsExactly("b", "c");
            operator.takeMails(1);
            assertThat(operator.answered()).containsExactly("b", "c", "a");
        }
    }

    @Test
    void aRecordThatMayNotHoldTheTaskWaitsAndEntersInTurn() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, Duration.ZERO))) {
            operator.process(List.of(request("a", 2, 1), request("b", 1, 2), request("c", 3, 3), request("d", 1, 4)));
            assertThat(operator.answers()).isEmpty();

            operator.takeMails(2);
            assertThat(operator.answered()).containsExactly("a");
            operator.takeMails(1);
            assertThat(operator.answered()).containsExactly("a", "b");
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("a", "b", "c", "d");
        }
    }

    @Test
    void aRequestForNoTokensIsAnsweredAtOnce() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(2, LONG))) {
            operator.process(request("none", 0, 1, 2, 3));
            CompletionRecord answer = operator.answers().get(0);
            assertThat(answer.choices.get(0).text).isEmpty();
            assertThat(answer.promptTokens).isEqualTo(3);
        }
    }

    @Test
    void anAnswerHasTheTimestampOfItsRequest() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(2, LONG))) {
            operator.process(request("a", 1, 1));
            operator.takeAllMails();
            StreamRecord<? extends CompletionRecord> answer =
                    operator.flink().extractOutputStreamRecords().get(0);
            assertThat(answer.getTimestamp()).isEqualTo(1234);
        }
    }

    @Test
    void allThatIsInFlightIsCompletedAtTheEndOfTheInput() throws Exception {
        List<PromptRequest> requests = requests(9, 2);
        try (OperatorHarness operator = OperatorHarness.open(model, batch(2, Duration.ZERO))) {
            operator.process(requests);
            operator.finish();

            assertThat(operator.answers())
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics")
                    .containsExactlyInAnyOrderElementsOf(OperatorHarness.oneByOne(model, requests));
            operator.takeAllMails();
            assertThat(operator.answers()).hasSize(9);
        }
    }

    @Test
    void aSequenceThatFailsIsAnAnswerWithAnErrorAsInTheOtherMode() throws Exception {
        List<PromptRequest> requests = List.of(request("a", 2, 1), request("b", 4, 2, 3), request("none", 0, 1));
        try (OperatorHarness operator = OperatorHarness.open(overflowingModel, batch(2, LONG))) {
            operator.process(requests);
            operator.takeAllMails();

            assertThat(operator.answers())
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics")
                    .containsExactlyInAnyOrderElementsOf(OperatorHarness.oneByOne(overflowingModel, requests));
            assertThat(operator.answers())
                    .filteredOn(answer -> answer.error != null)
                    .hasSize(2);
        }
    }

    @Test
    void aSequenceThatFailsOnItsWayLeavesTheOthersUndisturbed(@TempDir Path directory) throws Exception {
        Path spoiled = TinyModel.write(directory, 1, 16);
        List<PromptRequest> requests = requests(40, 5);
        Set<String> failing = requests.stream()
                .filter(request -> request.prompts[0].length + request.parameters.maxTokens() > 17)
                .map(request -> request.customId)
                .collect(Collectors.toSet());
        assertThat(failing).hasSizeBetween(10, 30);
        try (OperatorHarness operator = OperatorHarness.open(spoiled, batch(6, LONG))) {
            operator.process(requests);
            operator.takeAllMails();

            List<PromptRequest> good = requests.stream()
                    .filter(request -> !failing.contains(request.customId))
                    .toList();
            assertThat(operator.answers())
                    .filteredOn(answer -> !failing.contains(answer.customId))
                    .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics", "modelRevision")
                    .containsExactlyInAnyOrderElementsOf(OperatorHarness.oneByOne(model, good));
            assertThat(operator.answers())
                    .filteredOn(answer -> answer.error != null)
                    .map(answer -> answer.customId)
                    .containsExactlyInAnyOrderElementsOf(failing);
        }
    }

    @Test
    void aRequestThatTheBatchDoesNotTakeFailsAloneWithItsReason() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(4, LONG))) {
            operator.process(List.of(
                    request("a", 3, 1),
                    request("long", 3, new int[TinyModel.CONTEXT_LENGTH + 1]),
                    request("unknown token", 3, 50257),
                    request("b", 3, 2)));
            operator.takeAllMails();

            assertThat(operator.answered()).containsExactly("long", "unknown token", "a", "b");
            assertThat(operator.answers())
                    .map(answer -> answer.error == null)
                    .containsExactly(false, false, true, true);
            assertThat(operator.answers().get(0).error.message).contains("33", "32");
            assertThat(operator.answers().get(1).error.message).contains("50257");
        }
    }

    @Test
    void stepsAfterStepsNoticeThatTheTaskIsCancelled() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, LONG))) {
            operator.process(request("a", 5, 1));
            operator.cancel();

            assertThatThrownBy(() -> operator.process(request("b", 5, 1))).isInstanceOf(CancelTaskException.class);
            assertThatThrownBy(operator::finish).isInstanceOf(CancelTaskException.class);
            assertThat(operator.answers()).isEmpty();
        }
    }

    @Test
    void aThreadThatIsInterruptedMakesNoFurtherStep() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, LONG))) {
            operator.process(request("a", 5, 1));
            Thread.currentThread().interrupt();
            assertThatThrownBy(operator::finish).isInstanceOf(CancelTaskException.class);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(operator.answers()).isEmpty();
        }
    }

    /** Whoever keeps a metric of a task that has ended keeps the operator, but must not keep keys, values and weights. */
    @Test
    void aClosedOperatorLetsGoOfItsBatch() throws Exception {
        OperatorHarness operator = OperatorHarness.open(model, batch(2, LONG));
        Object flinkOperator = operator.flink().getOperator();
        Field field = ContinuousBatchingOperator.class.getDeclaredField("batch");
        field.setAccessible(true);
        WeakReference<Object> batch = new WeakReference<>(field.get(flinkOperator));
        assertThat(batch.get()).isNotNull();
        operator.close();
        for (int i = 0; i < 50 && batch.get() != null; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(batch.get()).isNull();
        Reference.reachabilityFence(flinkOperator);
    }

    @Test
    void rule1_3_aContextThatTheModelCannotSeeIsRefusedWhenTheOperatorOpens() {
        assertThatThrownBy(() -> OperatorHarness.restore(
                        OperatorHarness.settings(model, TinyModel.CONTEXT_LENGTH + 1), batch(1, LONG), 1, 0, null))
                .hasMessageContainingAll("max-context", "found 33", "expected 1..32", "n_positions");
    }

    @Test
    void itsStateIsAPojoWithoutKryo() {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(RequestInFlight.class);
    }
}
