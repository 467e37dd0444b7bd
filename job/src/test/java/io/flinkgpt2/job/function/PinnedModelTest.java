package io.flinkgpt2.job.function;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.hub.ModelHubException;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One revision for a whole job, and for the job that is resumed. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class PinnedModelTest {

    private static final String NAME = "someone/pinned";
    private static final String FIRST = "1".repeat(40);
    private static final String SECOND = "2".repeat(40);

    private static String firstRevision;
    private static String secondRevision;

    @TempDir
    private Path home;

    /** The branch stood for the first commit when it was fetched; the second one was fetched since then. */
    @BeforeAll
    static void fillTheCache() throws IOException {
        Path first = CachedModel.write(CachedModel.home(), NAME + "@main", FIRST, 1);
        Path second = CachedModel.write(CachedModel.home(), NAME + "@" + SECOND, null, 2);
        firstRevision = Pretrained.open(first).revision();
        secondRevision = Pretrained.open(second).revision();
    }

    @AfterAll
    static void emptyTheCache() throws IOException {
        for (String revision : List.of("main", SECOND)) {
            FileUtils.deleteDirectory(CachedModel.home()
                    .resolve("models")
                    .resolve(NAME + "@" + revision)
                    .toFile());
        }
    }

    private static ModelSettings model(String path) {
        return new ModelSettings(path, List.of("pinned", "alias"), Precision.F32, null);
    }

    private static ModelSettings pinned(String path) throws IOException {
        return PinnedModel.pin(model(path), () -> new ModelHub(HubSettings.fromEnvironment()));
    }

    @Test
    void aNameIsTheCommitOfItsBranch() throws IOException {
        ModelSettings pinned = pinned(NAME);
        assertThat(pinned.path()).isEqualTo(NAME + "@" + FIRST);
        assertThat(pinned.revisionOpen()).isTrue();
        assertThat(pinned.names()).containsExactly("pinned", "alias");

        assertThat(pinned(NAME + "@main").path()).isEqualTo(NAME + "@" + FIRST);
        assertThat(pinned(NAME + "@main").revisionOpen()).isFalse();
        assertThat(pinned(NAME + "@" + SECOND)).isEqualTo(model(NAME + "@" + SECOND));
        assertThat(PinnedModel.pin(pinned, () -> new ModelHub(HubSettings.fromEnvironment())))
                .isEqualTo(pinned);
    }

    @Test
    void aPathIsWhatIsThere() throws IOException {
        for (String path : List.of(home.toString(), "/on/the/task/managers", "a b")) {
            assertThat(PinnedModel.pin(model(path), () -> {
                        throw new AssertionError("no hub is needed");
                    }))
                    .isEqualTo(model(path));
        }
    }

    @Test
    void aCommitThatCannotBeFoundOutIsAnErrorUnlessARevisionIsGiven() throws IOException {
        ModelHub offline = new ModelHub(HubSettings.in(home).withOffline(true));
        assertThatThrownBy(() -> PinnedModel.pin(model("gpt2"), () -> offline))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContainingAll("commit of model gpt2", "nothing of it in", "gpt2@COMMIT");
        assertThat(PinnedModel.pin(model("gpt2@v1"), () -> offline)).isEqualTo(model("gpt2@v1"));

        // A cache that an earlier version filled.
        CachedModel.write(home, "someone/old@main", null, 1);
        ModelSettings old = PinnedModel.pin(model("someone/old"), () -> offline);
        assertThat(old.path()).isEqualTo("someone/old");
        assertThat(old.revisionOpen()).isTrue();
    }

    @Test
    void aResumedJobGoesOnWithTheRevisionOfItsState() throws Exception {
        ModelSettings moved = new ModelSettings(NAME + "@" + SECOND, List.of("pinned"), Precision.F32, null, true);
        OperatorSubtaskState completing;
        OperatorSubtaskState parsing;
        try (var generate = completing(pinned(NAME), 1, 0, null);
                var parse = parsing(pinned(NAME), null)) {
            assertThat(revision(generate)).isEqualTo(firstRevision);
            completing = generate.snapshot(1, 0);
            parsing = parse.snapshot(1, 0);
        }
        // The branch has moved on since then. What is resumed twice still has the first.
        try (var generate = completing(moved, 1, 0, completing);
                var parse = parsing(moved, parsing)) {
            assertThat(revision(generate)).isEqualTo(firstRevision);
            parse.processElement(
                    new PromptRecord(
                            new RecordSource("prompts", 0, 1, 1), null, "{\"prompt\": \"a\"}".getBytes(), null),
                    0);
            assertThat(parse.extractOutputValues()).hasSize(1);
            completing = generate.snapshot(2, 0);
        }
        for (int subtask = 0; subtask < 2; subtask++) {
            OperatorSubtaskState dealtOut =
                    AbstractStreamOperatorTestHarness.repartitionOperatorState(completing, 8, 1, 2, subtask);
            try (var generate = completing(moved, 2, subtask, dealtOut)) {
                assertThat(revision(generate)).isEqualTo(firstRevision);
            }
        }
        // A new job has the new one, and so has one that is resumed with a revision.
        try (var generate = completing(moved, 1, 0, null)) {
            assertThat(revision(generate)).isEqualTo(secondRevision);
        }
        try (var generate = completing(model(NAME + "@" + SECOND), 1, 0, completing)) {
            assertThat(revision(generate)).isEqualTo(secondRevision);
            completing = generate.snapshot(3, 0);
        }
        try (var generate = completing(pinned(NAME), 1, 0, completing)) {
            assertThat(revision(generate)).isEqualTo(secondRevision);
        }
    }

    @Test
    void aJobThatIsResumedWithAnotherModelHasThatModel() throws Exception {
        OperatorSubtaskState state;
        try (var generate = completing(pinned(NAME), 1, 0, null)) {
            state = generate.snapshot(1, 0);
        }
        Path other = TinyModel.write(home.resolve("other"), 3);
        try (var generate = completing(model(other.toString()), 1, 0, state)) {
            assertThat(revision(generate)).isEqualTo(Pretrained.open(other).revision());
            state = generate.snapshot(2, 0);
        }
        ModelSettings back = new ModelSettings(NAME + "@" + SECOND, List.of("pinned"), Precision.F32, null, true);
        try (var generate = completing(back, 1, 0, state)) {
            assertThat(revision(generate)).isEqualTo(secondRevision);
        }
    }

    private static GenerationSettings settings(ModelSettings model) {
        return new GenerationSettings(
                "test",
                model,
                TinyModel.CONTEXT_LENGTH,
                8,
                RequestDefaults.ofTheFormat(),
                UnknownFields.REJECT,
                RecordEnvelope.AS_SENT,
                new AnswerLimits(10_000, 1_000_000));
    }

    private static OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> completing(
            ModelSettings model, int parallelism, int subtask, OperatorSubtaskState state) throws Exception {
        OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> harness =
                new OneInputStreamOperatorTestHarness<>(
                        new StreamMap<>(new CompletePromptFunction(settings(model))), 8, parallelism, subtask);
        open(harness, state);
        return harness;
    }

    private static OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> parsing(
            ModelSettings model, OperatorSubtaskState state) throws Exception {
        OneInputStreamOperatorTestHarness<PromptRecord, PromptRequest> harness =
                new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new ParseRequest(settings(model))));
        open(harness, state);
        return harness;
    }

    private static void open(OneInputStreamOperatorTestHarness<?, ?> harness, OperatorSubtaskState state)
            throws Exception {
        if (state != null) {
            harness.initializeState(state);
        }
        harness.open();
    }

    private static String revision(OneInputStreamOperatorTestHarness<PromptRequest, CompletionRecord> generate)
            throws Exception {
        PromptRequest request = new PromptRequest();
        request.record = new PromptRecord(new RecordSource("prompts", 0, 1, 1), null, null, null);
        request.customId = "a";
        request.prompts = new int[][] {{1}};
        request.droppedTokens = new int[1];
        request.parameters = GenerationParameters.greedy(1);
        generate.processElement(request, 0);
        return generate.extractOutputValues().get(0).modelRevision;
    }
}
