package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.LONG;
import static io.flinkgpt2.job.operator.OperatorHarness.MAX_PARALLELISM;
import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordSource;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers of a key in the order of its requests, through snapshots and other parallelisms. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class AnswersByKeyTest {

    private static final int PLACES = 4;

    private static Path model;
    /** Its weights are finite, but what is computed from them is not. */
    private static Path overflowingModel;

    @BeforeAll
    static void writeModels(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
        overflowingModel = TinyModel.write(directory.resolve("overflowing"), 1e37f);
    }

    private static OperatorHarness open(BatchSettings batch) throws Exception {
        return OperatorHarness.restoreByKey(model, batch, 1, 0, null);
    }

    private static PromptRequest request(String key, String customId, int maxTokens, int... prompt) {
        PromptRequest request = OperatorHarness.request(customId, maxTokens, prompt);
        request.record.key = key == null ? null : key.getBytes(UTF_8);
        return request;
    }

    /** Of three keys and some of none, with lengths that overtake; {@code custom_id} is the place in the list. */
    private static List<PromptRequest> requests(int count, int seed) {
        Random random = new Random(seed);
        List<PromptRequest> requests = OperatorHarness.requests(count, seed);
        for (int i = 0; i < count; i++) {
            PromptRequest request = requests.get(i);
            int key = random.nextInt(4);
            request.record.key = key == 3 ? null : ("k" + key).getBytes(UTF_8);
            request.customId = String.valueOf(i);
            request.record.source = new RecordSource("prompts", 0, i, 1234);
        }
        return requests;
    }

    private static void assertAnsweredInOrder(List<PromptRequest> requests, List<CompletionRecord> answers)
            throws Exception {
        assertThat(answers)
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics")
                .containsExactlyInAnyOrderElementsOf(OperatorHarness.oneByOne(model, requests));
        for (int key = 0; key < 3; key++) {
            String name = "k" + key;
            assertThat(answers.stream()
                            .filter(answer -> answer.key != null && new String(answer.key, UTF_8).equals(name))
                            .map(answer -> Integer.valueOf(answer.customId)))
                    .as(name)
                    .isSorted()
                    .hasSizeGreaterThan(1);
        }
    }

    @Test
    void anAnswerIsHeldBackUntilThoseBeforeItInItsKeyAreOut() throws Exception {
        try (OperatorHarness operator = open(batch(PLACES, LONG))) {
            operator.process(List.of(
                    request("a", "a0", 6, 1),
                    request("a", "a1", 2, 2),
                    request("b", "b0", 3, 3),
                    request("a", "a2", 1, 4)));
            operator.takeMails(3);
            assertThat(operator.answered()).containsExactly("b0");
            operator.takeMails(2);
            assertThat(operator.answered()).containsExactly("b0");
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("b0", "a0", "a1", "a2");
        }
    }

    @Test
    void requestsWithoutAKeyOvertake() throws Exception {
        PromptRequest first = request(null, "long", 6, 1);
        PromptRequest second = request(null, "short", 1, 2);
        second.record.source = new RecordSource("prompts", 0, 8, 1234);
        PromptRequest emptyKey = request("", "empty key", 2, 3);
        try (OperatorHarness operator = open(batch(PLACES, LONG))) {
            operator.process(List.of(first, second, emptyKey));
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("short", "empty key", "long");
        }
    }

    @Test
    void requestsWithoutAKeyAreSpreadOverTheSubtasks() {
        long onFirst = IntStream.range(0, 1000)
                .mapToObj(offset -> {
                    PromptRequest request = request(null, "r", 1, 1);
                    request.record.source = new RecordSource("prompts", offset % 3, offset, 0);
                    return new RequestKey().getKey(request);
                })
                .filter(key -> KeyGroupRangeAssignment.assignKeyToParallelOperator(key, 128, 2) == 0)
                .count();
        assertThat(onFirst).isBetween(400L, 600L);
    }

    @Test
    void keysDifferInEveryByteAndFromPlaces() {
        PromptRequest bytes = request("x", "r", 1, 1);
        List<String> keys = new ArrayList<>();
        for (int b = -128; b < 128; b++) {
            bytes.record.key = new byte[] {(byte) b};
            keys.add(new RequestKey().getKey(bytes));
        }
        keys.add(new RequestKey().getKey(request("", "r", 1, 1)));
        keys.add(new RequestKey().getKey(request(null, "r", 1, 1)));
        keys.add(new RequestKey().getKey(request("prompts-0-7", "r", 1, 1)));
        assertThat(keys).doesNotHaveDuplicates();
    }

    @Test
    void anAnswerWithAnErrorKeepsItsTurn() throws Exception {
        try (OperatorHarness operator = open(batch(PLACES, LONG))) {
            operator.process(
                    List.of(request("a", "a0", 3, 1), request("a", "refused", 3, 50257), request("a", "a2", 1, 4)));
            assertThat(operator.answers()).isEmpty();
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("a0", "refused", "a2");
            assertThat(operator.answers().get(1).error.message).contains("50257");
        }
        try (OperatorHarness operator =
                OperatorHarness.restoreByKey(overflowingModel, batch(PLACES, LONG), 1, 0, null)) {
            operator.process(List.of(request("a", "a0", 3, 1, 2), request("a", "a1", 0, 1), request("a", "a2", 1, 4)));
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("a0", "a1", "a2");
            assertThat(operator.answers()).map(answer -> answer.error == null).containsExactly(false, true, false);
        }
    }

    @Test
    void whatIsHeldBackComesBackWithItsAnswerAndIsNotComputedAgain() throws Exception {
        OperatorSubtaskState state;
        List<String> restored;
        try (OperatorHarness operator = open(batch(PLACES, LONG))) {
            operator.process(
                    List.of(request("a", "a0", 9, 1), request("a", "a1", 2, 2), request("a", "refused", 1, 50257)));
            operator.takeMails(3);
            state = operator.snapshot();
            assertThat(operator.answers()).isEmpty();
        }
        // It would be answered otherwise by this model.
        try (OperatorHarness operator =
                OperatorHarness.restoreByKey(overflowingModel, batch(PLACES, LONG), 1, 0, state)) {
            operator.takeMails(1);
            restored = operator.answered();
            assertThat(restored).containsExactly("a0", "a1", "refused");
            assertThat(operator.answers().get(0).error).isNotNull();
            assertThat(operator.answers().get(1).error).isNull();
            assertThat(operator.answers().get(1).completionTokens).isEqualTo(2);
            assertThat(operator.answers().get(2).error.message).contains("50257");
            assertThat(operator.takeMail()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 5, 8, 13})
    void aRestoredBatchKeepsTheOrderAndTheBits(int steps) throws Exception {
        List<PromptRequest> requests = requests(24, 100 + steps);
        OperatorSubtaskState state;
        List<CompletionRecord> answers;
        try (OperatorHarness operator = open(batch(PLACES, Duration.ZERO))) {
            operator.process(requests);
            operator.takeMails(steps / 2);
            operator.snapshot();
            operator.takeMails(steps - steps / 2);
            state = operator.snapshot();
            answers = operator.answers();
            // What comes after the snapshot is aborted by a failure.
            operator.takeMails(2);
        }
        try (OperatorHarness operator = restore(state, 1, 0)) {
            operator.takeAllMails();
            answers.addAll(operator.answers());
        }
        assertAnsweredInOrder(requests, answers);
    }

    @Test
    void nothingOfWhatWasAnsweredStaysInTheState() throws Exception {
        List<PromptRequest> requests = requests(24, 7);
        OperatorSubtaskState state;
        try (OperatorHarness operator = open(batch(PLACES, Duration.ZERO))) {
            operator.process(requests);
            operator.snapshot();
            operator.takeAllMails();
            state = operator.snapshot();
        }
        try (OperatorHarness operator = restore(state, 1, 0)) {
            assertThat(operator.takeMail()).isFalse();
            AbstractStreamOperator<?> flink =
                    (AbstractStreamOperator<?>) operator.flink().getOperator();
            assertThat(flink.getKeyedStateBackend().getKeys("requests-by-key", VoidNamespace.INSTANCE))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6})
    void fromOneSubtaskToTwoAndBackTheOrderIsKept(int seed) throws Exception {
        List<PromptRequest> requests = requests(60, seed);
        List<CompletionRecord> answers = new ArrayList<>();
        OperatorSubtaskState one;
        try (OperatorHarness operator = open(batch(PLACES, Duration.ZERO))) {
            operator.process(requests.subList(0, 20));
            operator.takeMails(seed);
            one = operator.snapshot(OperatorHarness.STOP);
            answers.addAll(operator.answers());
        }
        OperatorSubtaskState two;
        try (OperatorHarness first = rescaled(one, 1, 2, 0);
                OperatorHarness second = rescaled(one, 1, 2, 1)) {
            for (PromptRequest request : requests.subList(20, 40)) {
                int subtask = KeyGroupRangeAssignment.assignKeyToParallelOperator(
                        new RequestKey().getKey(request), MAX_PARALLELISM, 2);
                (subtask == 0 ? first : second).process(request);
            }
            first.takeMails(seed + 1);
            second.takeMails(2);
            two = AbstractStreamOperatorTestHarness.repackageState(
                    first.snapshot(OperatorHarness.STOP), second.snapshot(OperatorHarness.STOP));
            answers.addAll(first.answers());
            answers.addAll(second.answers());
        }
        assertThat(answers.size()).isLessThan(40 - 2 * PLACES);
        try (OperatorHarness operator = rescaled(two, 2, 1, 0)) {
            operator.process(requests.subList(40, 60));
            operator.takeAllMails();
            answers.addAll(operator.answers());
        }
        assertAnsweredInOrder(requests, answers);
    }

    @Test
    void aRecordThatFindsTooManyAnswersHeldBackMakesStepsThoughTheBatchHasRoom() throws Exception {
        try (OperatorHarness operator = open(batch(2, LONG))) {
            operator.process(request("hot", "head", 20, 1));
            for (int i = 0; i < 2; i++) {
                operator.process(request("hot", "none " + i, 0, 1));
            }
            assertThat(operator.answers()).isEmpty();
            // Two are held back: the next one waits until the head is out.
            operator.process(request("hot", "next", 1, 1));
            assertThat(operator.answered()).containsExactly("head", "none 0", "none 1");
        }
    }

    @Test
    void aRecordThatMayNotHoldTheTaskJoinsHoweverManyAnswersAreHeldBack() throws Exception {
        try (OperatorHarness operator = open(batch(2, Duration.ZERO))) {
            operator.process(request("hot", "head", 3, 1));
            for (int i = 0; i < 9; i++) {
                operator.process(request("hot", "none " + i, 0, 1));
            }
            assertThat(operator.answers()).isEmpty();
            operator.takeMails(3);
            assertThat(operator.answers()).hasSize(10);
            assertThat(operator.takeMail()).isFalse();
        }
    }

    private static OperatorHarness restore(OperatorSubtaskState state, int parallelism, int subtask) throws Exception {
        return OperatorHarness.restoreByKey(model, batch(PLACES, Duration.ZERO), parallelism, subtask, state);
    }

    private static OperatorHarness rescaled(OperatorSubtaskState state, int from, int to, int subtask)
            throws Exception {
        return restore(
                AbstractStreamOperatorTestHarness.repartitionOperatorState(state, MAX_PARALLELISM, from, to, subtask),
                to,
                subtask);
    }
}
