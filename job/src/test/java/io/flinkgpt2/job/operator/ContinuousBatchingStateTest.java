package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.LONG;
import static io.flinkgpt2.job.operator.OperatorHarness.MAX_PARALLELISM;
import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static io.flinkgpt2.job.operator.OperatorHarness.request;
import static io.flinkgpt2.job.operator.OperatorHarness.requests;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is in flight survives snapshots, stops and other parallelisms, with the same bits. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class ContinuousBatchingStateTest {

    private static final int PLACES = 4;

    private static Path model;

    @BeforeAll
    static void writeModel(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 8, 13})
    void aRestoredBatchGoesOnWithTheSameBits(int steps) throws Exception {
        List<PromptRequest> requests = requests(10, steps);
        OperatorSubtaskState state;
        List<CompletionRecord> answers;
        try (OperatorHarness operator = OperatorHarness.open(model, batch(PLACES, Duration.ZERO))) {
            operator.process(requests);
            operator.takeMails(steps);
            state = operator.snapshot();
            answers = operator.answers();
        }
        assertThat(answers).hasSizeLessThan(requests.size());
        try (OperatorHarness operator = restore(state, 1, 0)) {
            operator.takeAllMails();
            answers.addAll(operator.answers());
        }
        assertAnsweredOnce(requests, answers);
    }

    /** What is answered after the snapshot is aborted by a failure, and answered again. */
    @Test
    void whatWasDoneAfterASnapshotIsDoneAgainWithTheSameBits() throws Exception {
        List<PromptRequest> requests = requests(10, 1);
        OperatorSubtaskState state;
        List<CompletionRecord> aborted;
        try (OperatorHarness operator = OperatorHarness.open(model, batch(PLACES, Duration.ZERO))) {
            operator.process(requests);
            state = operator.snapshot();
            operator.takeAllMails();
            aborted = operator.answers();
        }
        try (OperatorHarness operator = restore(state, 1, 0)) {
            operator.takeAllMails();
            assertAnsweredOnce(requests, operator.answers());
            assertAnsweredOnce(requests, aborted);
        }
    }

    @Test
    void aSnapshotChangesNothingForTheBatch() throws Exception {
        List<PromptRequest> requests = requests(10, 2);
        try (OperatorHarness operator = OperatorHarness.open(model, batch(PLACES, Duration.ZERO))) {
            operator.process(requests);
            do {
                operator.snapshot();
                operator.snapshot(OperatorHarness.SAVEPOINT);
            } while (operator.takeMail());
            assertAnsweredOnce(requests, operator.answers());
            try (OperatorHarness restored = restore(operator.snapshot(), 1, 0)) {
                assertThat(restored.takeMail()).isFalse();
                assertThat(restored.answers()).isEmpty();
            }
        }
    }

    @Test
    void afterTheSnapshotOfAStopNoStepIsMade() throws Exception {
        List<PromptRequest> requests = requests(6, 3);
        OperatorSubtaskState state;
        List<CompletionRecord> answers;
        try (OperatorHarness operator = OperatorHarness.open(model, batch(PLACES, Duration.ZERO))) {
            operator.process(requests);
            operator.takeMails(3);
            state = operator.snapshot(OperatorHarness.STOP);
            answers = operator.answers();

            operator.takeAllMails();

            assertThat(operator.answers()).hasSameSizeAs(answers).hasSizeLessThan(requests.size());
        }
        try (OperatorHarness operator = restore(state, 1, 0)) {
            operator.takeAllMails();
            answers.addAll(operator.answers());
        }
        assertAnsweredOnce(requests, answers);
    }

    @Test
    void fromOneSubtaskToTwoAndBackNothingIsLostOrDoubled() throws Exception {
        List<PromptRequest> requests = requests(20, 4);
        List<CompletionRecord> answers = new ArrayList<>();
        OperatorSubtaskState one;
        try (OperatorHarness operator = OperatorHarness.open(model, batch(PLACES, Duration.ZERO))) {
            operator.process(requests.subList(0, 9));
            operator.takeMails(2);
            one = operator.snapshot(OperatorHarness.STOP);
            answers.addAll(operator.answers());
        }
        OperatorSubtaskState two;
        try (OperatorHarness first = rescaled(one, 1, 2, 0);
                OperatorHarness second = rescaled(one, 1, 2, 1)) {
            // Both are full, so that together they hold more than one has places for.
            first.process(requests.subList(9, 15));
            second.process(requests.subList(15, 20));
            first.takeMails(2);
            second.takeMails(3);
            two = AbstractStreamOperatorTestHarness.repackageState(
                    first.snapshot(OperatorHarness.STOP), second.snapshot(OperatorHarness.STOP));
            answers.addAll(first.answers());
            answers.addAll(second.answers());
        }
        assertThat(answers.size()).isLessThan(20 - 2 * PLACES);
        try (OperatorHarness operator = rescaled(two, 2, 1, 0)) {
            operator.takeAllMails();
            answers.addAll(operator.answers());
        }
        assertAnsweredOnce(requests, answers);
    }

    @Test
    void whatHadBegunComesFirstAfterTheRestore() throws Exception {
        OperatorSubtaskState first;
        OperatorSubtaskState second;
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, Duration.ZERO))) {
            operator.process(List.of(request("a begun", 4, 1), request("a waiting", 1, 2)));
            operator.takeMails(2);
            first = operator.snapshot(OperatorHarness.STOP);
        }
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, Duration.ZERO))) {
            operator.process(List.of(request("b begun", 4, 1), request("b waiting", 1, 2)));
            operator.takeMails(2);
            second = operator.snapshot(OperatorHarness.STOP);
        }
        OperatorSubtaskState both = AbstractStreamOperatorTestHarness.repackageState(first, second);
        try (OperatorHarness operator = OperatorHarness.restore(
                OperatorHarness.settings(model),
                batch(1, LONG),
                1,
                0,
                AbstractStreamOperatorTestHarness.repartitionOperatorState(both, MAX_PARALLELISM, 2, 1, 0))) {
            operator.takeAllMails();
            assertThat(operator.answered().subList(0, 2)).containsExactlyInAnyOrder("a begun", "b begun");
            assertThat(operator.answered().subList(2, 4)).containsExactlyInAnyOrder("a waiting", "b waiting");
        }
    }

    private static OperatorHarness restore(OperatorSubtaskState state, int parallelism, int subtask) throws Exception {
        return OperatorHarness.restore(
                OperatorHarness.settings(model), batch(PLACES, Duration.ZERO), parallelism, subtask, state);
    }

    private static OperatorHarness rescaled(OperatorSubtaskState state, int from, int to, int subtask)
            throws Exception {
        return restore(
                AbstractStreamOperatorTestHarness.repartitionOperatorState(state, MAX_PARALLELISM, from, to, subtask),
                to,
                subtask);
    }

    private static void assertAnsweredOnce(List<PromptRequest> requests, List<CompletionRecord> answers)
            throws Exception {
        assertThat(answers)
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics")
                .containsExactlyInAnyOrderElementsOf(OperatorHarness.oneByOne(model, requests));
    }
}
