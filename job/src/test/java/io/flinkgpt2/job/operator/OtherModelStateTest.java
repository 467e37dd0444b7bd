package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static io.flinkgpt2.job.operator.OperatorHarness.oneByOne;
import static io.flinkgpt2.job.operator.OperatorHarness.request;
import static io.flinkgpt2.job.operator.OperatorHarness.requests;
import static io.flinkgpt2.job.operator.OperatorHarness.settings;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.job.function.CachedModel;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ModelSettings;
import io.flinkgpt2.job.function.ParseRequest;
import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordHeader;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** State of one model, numeric mode or setting, gone on with by another: every answer is of one of them alone. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class OtherModelStateTest {

    private static final int PLACES = 4;
    private static final int CONTEXT = TinyModel.CONTEXT_LENGTH;

    private static Path model;
    private static Path otherModel;
    /** The first one's weights with another tokenizer. */
    private static Path otherTokenizer;

    @BeforeAll
    static void writeModels(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
        otherModel = TinyModel.write(directory.resolve("other"), -3);
        otherTokenizer = TinyModel.writeTokenizerOfBytes(TinyModel.write(directory.resolve("bytes"), 1));
    }

    @ParameterizedTest
    @EnumSource
    void whatWasBegunInAnotherPrecisionStartsAgain(Ordering ordering) throws Exception {
        startsAgain(
                ordering,
                settings(new ModelSettings(model.toString(), List.of("tiny"), Precision.INT8, null), CONTEXT));
    }

    @ParameterizedTest
    @EnumSource
    void whatAnotherModelBeganStartsAgain(Ordering ordering) throws Exception {
        startsAgain(ordering, settings(otherModel));
    }

    @ParameterizedTest
    @EnumSource
    void whatWasBegunUnderAnotherContextStartsAgain(Ordering ordering) throws Exception {
        startsAgain(ordering, settings(model, CONTEXT - 4));
    }

    /** Requests with tokens, requests that wait, and all but a few answers of the new settings. */
    private static void startsAgain(Ordering ordering, GenerationSettings now) throws Exception {
        List<PromptRequest> requests = requests(10, 1);
        requests.forEach(request -> request.record.key = "key".getBytes(UTF_8));
        OperatorSubtaskState state;
        List<CompletionRecord> before;
        try (OperatorHarness operator = restore(ordering, settings(model), null)) {
            operator.process(requests);
            operator.takeMails(6);
            state = operator.snapshot(OperatorHarness.SAVEPOINT);
            before = operator.answers();
        }
        try (OperatorHarness operator = restore(ordering, now, state)) {
            operator.takeAllMails();
            List<CompletionRecord> after = operator.answers();

            assertThat(operator.deadLetters()).isEmpty();
            assertThat(before.size() + after.size()).isEqualTo(requests.size());
            List<CompletionRecord> ofOld = oneByOne(settings(model), requests);
            List<CompletionRecord> ofNew = oneByOne(now, requests);
            assertThat(texts(ofNew)).isNotEqualTo(texts(ofOld));
            assertEachIn(before, ofOld);
            // An answer that was held back stays the old model's, whole.
            List<CompletionRecord> either = new ArrayList<>(ofNew);
            either.addAll(ordering == Ordering.KEY ? ofOld : List.of());
            assertEachIn(after, either);
            if (ordering == Ordering.KEY) {
                before.addAll(after);
                assertThat(before)
                        .extracting(answer -> answer.customId)
                        .containsExactlyElementsOf(requests.stream()
                                .map(request -> request.customId)
                                .toList());
            }
        }
    }

    @Test
    void theSameModelGoesOnAfterTheTokensThatItHad() throws Exception {
        PromptRequest request = request("a", 12, 464, 3290);
        OperatorSubtaskState state;
        try (OperatorHarness operator = restore(Ordering.NONE, settings(model), null)) {
            operator.process(request);
            operator.takeMails(9);
            state = operator.snapshot();
        }
        GenerationSettings renamed =
                settings(new ModelSettings(model.toString(), List.of("tiny", "alias"), Precision.F32, null), CONTEXT);
        try (OperatorHarness operator = restore(Ordering.NONE, renamed, state)) {
            // Of 12 tokens 8 are there. Prompt and tokens, 10, are two chunks; the second one makes a token.
            operator.takeMails(12 - 8 + 1);
            assertThat(operator.answered()).containsExactly("a");
            assertEachIn(operator.answers(), oneByOne(settings(model), List.of(request)));
        }
    }

    @Test
    void aTextIsTokenisedAnewByTheOtherTokenizer() throws Exception {
        List<PromptRecord> records = List.of(
                record("text", null, "\"prompt\": \"The quick fox\", \"max_tokens\": 9"),
                record("ids", null, "\"prompt\": [464, 2068, 21831], \"max_tokens\": 9"),
                record("waits", null, "\"prompt\": \"jumps\", \"max_tokens\": 3"));
        List<PromptRequest> requests = parsed(settings(model), records);
        List<PromptRequest> parsedAnew = parsed(settings(otherTokenizer), records);
        assertThat(parsedAnew.get(0).prompts[0]).hasSize(13).isNotEqualTo(requests.get(0).prompts[0]);
        OperatorSubtaskState state;
        try (OperatorHarness operator = OperatorHarness.restore(settings(model), batch(2, Duration.ZERO), 1, 0, null)) {
            operator.process(requests);
            operator.takeMails(5);
            assertThat(operator.answers()).isEmpty();
            state = operator.snapshot(OperatorHarness.SAVEPOINT);
        }
        try (OperatorHarness operator = restore(Ordering.NONE, settings(otherTokenizer), state)) {
            operator.takeAllMails();

            assertThat(operator.deadLetters()).isEmpty();
            assertThat(operator.answered()).containsExactlyInAnyOrder("text", "ids", "waits");
            assertEachIn(operator.answers(), oneByOne(settings(otherTokenizer), parsedAnew));
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatTheNewSettingsRefuseIsADeadLetterAndNothingWaitsForIt(Ordering ordering) throws Exception {
        byte[] key = {'k', -1};
        List<PromptRecord> records = List.of(
                record("long", key, "\"prompt\": \"The quick brown fox jumps over it\", \"max_tokens\": 8"),
                record("short", key, "\"prompt\": \"The quick\", \"max_tokens\": 2"),
                record("cut", null, "\"prompt\": [1, 2], \"max_tokens\": 20"),
                record("named", null, "\"prompt\": \"a\", \"model\": \"tiny\", \"max_tokens\": 9"));
        GenerationSettings now =
                settings(new ModelSettings(otherModel.toString(), List.of("other"), Precision.F32, null), 6);
        OperatorSubtaskState state;
        List<PromptRequest> requests = parsed(settings(model), records);
        try (OperatorHarness operator = restore(ordering, settings(model), null)) {
            operator.process(requests);
            operator.takeMails(6);
            state = operator.snapshot(OperatorHarness.SAVEPOINT);
            assertThat(operator.answered())
                    .containsExactlyElementsOf(ordering == Ordering.KEY ? List.of() : List.of("short"));
        }
        try (OperatorHarness operator = restore(ordering, now, state)) {
            assertThat(operator.deadLetters())
                    .extracting(letter -> letter.error.code)
                    .containsExactlyInAnyOrder("context_length_exceeded", "model_not_found");
            DeadLetter letter = operator.deadLetters().stream()
                    .filter(refused -> refused.error.code.equals("context_length_exceeded"))
                    .findFirst()
                    .orElseThrow();
            assertThat(letter)
                    .usingRecursiveComparison()
                    .ignoringFields("failedAt", "error")
                    .isEqualTo(new DeadLetter(records.get(0), null, "test", 0));
            if (ordering == Ordering.KEY) {
                // What was held back behind it is out before any step, and is the answer of the model that made it.
                assertThat(operator.answered()).containsExactly("short");
                assertEachIn(operator.answers(), oneByOne(settings(model), requests));
            }
            operator.takeAllMails();

            CompletionRecord cut = operator.answers().get(operator.answers().size() - 1);
            assertThat(cut.customId).isEqualTo("cut");
            assertThat(cut.choices.get(0).stopReason).isEqualTo("max_context");
            assertThat(cut.completionTokens).isEqualTo(4);
            assertEachIn(List.of(cut), oneByOne(now, parsed(now, records.subList(2, 3))));
            assertThat(operator.answers()).hasSize(ordering == Ordering.KEY ? 2 : 1);
        }
    }

    /** Two savepoints on, the answers that were held back in the first still are those of the first model. */
    @Test
    void aRefusedRequestIsGoneFromTheState() throws Exception {
        byte[] key = {'k'};
        List<PromptRecord> records = List.of(
                record("first", key, "\"prompt\": \"a\", \"max_tokens\": 9"),
                record("refused", key, "\"prompt\": \"a b c d e f g h i\", \"max_tokens\": 9"),
                record("last", key, "\"prompt\": \"b\", \"max_tokens\": 1"));
        OperatorSubtaskState state;
        try (OperatorHarness operator = restore(Ordering.KEY, settings(model), null)) {
            operator.process(parsed(settings(model), records));
            operator.takeMails(4);
            state = operator.snapshot();
        }
        try (OperatorHarness operator = restore(Ordering.KEY, settings(model, 8), state)) {
            assertThat(operator.deadLetters()).hasSize(1);
            state = operator.snapshot();
        }
        try (OperatorHarness operator = restore(Ordering.KEY, settings(model, 8), state)) {
            operator.takeAllMails();
            assertThat(operator.deadLetters()).isEmpty();
            assertThat(operator.answered()).containsExactly("first", "last");
        }
    }

    @Test
    void aHubModelWithoutARevisionStaysThatOfTheState() throws Exception {
        String first = "someone/moving@" + "1".repeat(40);
        String second = "someone/moving@" + "2".repeat(40);
        List<Path> cached = List.of(
                CachedModel.write(CachedModel.home(), first, null, 1),
                CachedModel.write(CachedModel.home(), second, null, -3));
        List<PromptRequest> requests = requests(3, 5);
        try {
            OperatorSubtaskState state;
            try (OperatorHarness operator = restore(Ordering.KEY, settings(named(first, true), CONTEXT), null)) {
                operator.process(requests);
                operator.takeMails(3);
                state = operator.snapshot();
            }
            for (boolean open : new boolean[] {true, false}) {
                try (OperatorHarness operator = restore(Ordering.KEY, settings(named(second, open), CONTEXT), state)) {
                    operator.takeAllMails();
                    assertThat(operator.answers()).isNotEmpty();
                    assertEachIn(
                            operator.answers(),
                            oneByOne(settings(named(open ? first : second, false), CONTEXT), requests));
                }
            }
        } finally {
            for (Path directory : cached) {
                FileUtils.deleteDirectory(directory.toFile());
            }
        }
    }

    private static ModelSettings named(String name, boolean open) {
        return new ModelSettings(name, List.of("tiny"), Precision.F32, null, open);
    }

    @Test
    void whatStartsAgainIsCounted() throws Exception {
        GenerationSettings now = settings(otherModel, 6);
        List<PromptRequest> requests = parsed(
                settings(model),
                List.of(
                        record("same", null, "\"prompt\": \"a\""),
                        record("again", null, "\"prompt\": \"a\""),
                        record("refused", null, "\"prompt\": \"a b c d e f g\"")));
        RestoredRequests restored = new RestoredRequests("test", "now", now.parser(Pretrained.open(otherModel)));

        RequestInFlight same = restored("now", requests.get(0));
        RequestInFlight again = restored("before", requests.get(1));
        assertThat(again.hadBegun()).isTrue();
        assertThat(restored.adopt(same)).isNull();
        assertThat(restored.adopt(again)).isNull();
        assertThat(restored.adopt(restored("before", requests.get(2))).error.code)
                .isEqualTo("context_length_exceeded");

        assertThat(restored.restarted()).isEqualTo(1);
        assertThat(same.toState().choices)
                .extracting(choice -> choice.tokenIds)
                .containsExactly(new int[] {1, 2}, new int[] {3});
        assertThat(same.restoredTokens()).isEqualTo(3);
        assertThat(again.restoredTokens()).isZero();
        assertThat(again.toState().choices).isEmpty();
        assertThat(again.toState().identity).isEqualTo("now");
        assertThat(again.toState().request.record.value).isEqualTo(requests.get(1).record.value);
        assertThat(again.toState().request.receivedAt).isEqualTo(requests.get(1).receivedAt);
    }

    private static RequestInFlight restored(String identity, PromptRequest request) {
        RequestInFlight state = new RequestInFlight(request, identity);
        state.choices = List.of(new ChoiceInFlight(new int[] {1, 2}), new ChoiceInFlight(new int[] {3}));
        return RequestInFlight.restored(state);
    }

    /** A backend may write a snapshot while the task goes on. */
    @Test
    void aSnapshotStaysAsItIsWhenTheRequestIsAnswered() {
        PromptRequest request = request("a", 1, 1);
        request.record.value = new byte[] {7};
        RequestInFlight inFlight = new RequestInFlight(request, "now");
        RequestInFlight snapshot = inFlight.toState();
        inFlight.answered(new CompletionRecord());
        assertThat(snapshot.answer).isNull();
        assertThat(snapshot.request.record.value).containsExactly(7);
        assertThat(inFlight.toState().answer).isNotNull();
        assertThat(inFlight.toState().request.record.value).isNull();
    }

    @Test
    void stateOfAnotherVersionIsRefusedByName() {
        RequestInFlight old = new RequestInFlight();
        old.request = request("a", 1, 1);
        assertThatThrownBy(() -> RequestInFlight.restored(old))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll("'a'", "found version 0", "expected 2..3", "without one");
        old.version = 4;
        assertThatThrownBy(() -> RequestInFlight.restored(old)).hasMessageContaining("a later one");
    }

    private static OperatorHarness restore(Ordering ordering, GenerationSettings settings, OperatorSubtaskState state)
            throws Exception {
        return OperatorHarness.restore(ordering, settings, batch(PLACES, Duration.ZERO), state);
    }

    private static PromptRecord record(String customId, byte[] key, String fields) {
        return new PromptRecord(
                new RecordSource("prompts", 0, customId.hashCode(), 1234),
                key,
                ("{\"custom_id\": \"" + customId + "\", " + fields + "}").getBytes(UTF_8),
                List.of(new RecordHeader("h", new byte[] {1})));
    }

    /** By the operator in front of this one. */
    private static List<PromptRequest> parsed(GenerationSettings settings, List<PromptRecord> records)
            throws Exception {
        try (OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parse =
                new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ParseRequest(settings)))) {
            parse.open();
            for (PromptRecord record : records) {
                parse.processElement(record, 0);
            }
            assertThat(parse.getSideOutput(ParseRequest.DEAD_LETTERS)).isNullOrEmpty();
            return parse.extractOutputValues();
        }
    }

    private static List<String> texts(List<CompletionRecord> answers) {
        return answers.stream().map(answer -> answer.choices.get(0).text).toList();
    }

    private static void assertEachIn(List<CompletionRecord> answers, List<CompletionRecord> expected) {
        assertThat(expected)
                .usingRecursiveFieldByFieldElementComparatorIgnoringFields("created", "metrics")
                .containsAll(answers);
    }
}
