package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static io.flinkgpt2.job.operator.OperatorHarness.oneByOne;
import static io.flinkgpt2.job.operator.OperatorHarness.settings;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.SystemFingerprint;
import io.flinkgpt2.sampling.GenerationParameters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.util.OperatorSnapshotUtil;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Savepoints that released versions wrote, which every later version reads: see docs/state.md. They stand in the test resources
 * and are never written anew; {@code -Dstate.write=true} writes those of the current version where there are none yet.
 */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class ReleasedStateTest {

    private static final Path SAVEPOINTS = Path.of("src", "test", "resources", "savepoints");
    private static final int PLACES = 4;
    private static final int REQUESTS = 7;

    private static Path model;

    @BeforeAll
    static void writeModel(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
    }

    /** The engine's version that wrote the savepoints of versions 2 and 3; another one starts requests again from their records. */
    private static final String ENGINE_OF_VERSIONS_TWO_AND_THREE = "0.1.0-SNAPSHOT";

    /** Returns requests of which some have a key, some draw, and one has two choices or, as its record says, one. */
    private static List<PromptRequest> requests(int choices) {
        List<PromptRequest> requests = OperatorHarness.requests(REQUESTS, 5);
        for (int i = 0; i < REQUESTS; i++) {
            requests.get(i).record.key = i % 2 == 0 ? "key".getBytes(UTF_8) : null;
        }
        // Not in the records yet, but in the engine and the state.
        PromptRequest twice = requests.get(1);
        twice.parameters = GenerationParameters.builder()
                .setMaxTokens(9)
                .setTemperature(0.9)
                .setSeed(3)
                .setChoices(choices)
                .build();
        return requests;
    }

    private static OperatorHarness open(Ordering ordering, OperatorSubtaskState state) throws Exception {
        return OperatorHarness.restore(ordering, settings(model), batch(PLACES, Duration.ZERO), state);
    }

    private static Path savepoint(int version, Ordering ordering) {
        return SAVEPOINTS.resolve(
                "version-" + version + "-ordering-" + ordering.name().toLowerCase(Locale.ROOT));
    }

    private static List<String> answeredBefore(Path savepoint) throws Exception {
        return Files.readAllLines(Path.of(savepoint + ".answered"));
    }

    private static void write(Ordering ordering) throws Exception {
        Path file = savepoint(RequestInFlight.VERSION, ordering);
        if (Files.exists(file)) {
            return;
        }
        Files.createDirectories(SAVEPOINTS);
        try (OperatorHarness operator = open(ordering, null)) {
            operator.process(requests(2));
            while (operator.answered().isEmpty()) {
                operator.takeMails(1);
            }
            OperatorSnapshotUtil.writeStateHandle(operator.snapshot(OperatorHarness.SAVEPOINT), file.toString());
            Files.write(Path.of(file + ".answered"), operator.answered());
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSavepointOfVersionThreeGoesOn(Ordering ordering) throws Exception {
        if (Boolean.getBoolean("state.write")) {
            write(ordering);
        }
        boolean goesOn = SystemFingerprint.version().equals(ENGINE_OF_VERSIONS_TWO_AND_THREE);
        aSavepointGoesOn(savepoint(3, ordering), ordering, goesOn, requests(goesOn ? 2 : 1));
    }

    /** The request is parsed anew from its record, which asks for one choice. */
    @ParameterizedTest
    @EnumSource
    void aSavepointOfVersionTwoGoesOn(Ordering ordering) throws Exception {
        boolean goesOn = SystemFingerprint.version().equals(ENGINE_OF_VERSIONS_TWO_AND_THREE);
        aSavepointGoesOn(savepoint(2, ordering), ordering, goesOn, requests(1));
    }

    private static void aSavepointGoesOn(Path file, Ordering ordering, boolean goesOn, List<PromptRequest> expected)
            throws Exception {
        List<String> before = answeredBefore(file);
        assertThat(before).hasSizeBetween(1, REQUESTS - 1);
        List<CompletionRecord> after;
        int steps;
        try (OperatorHarness operator = open(ordering, OperatorSnapshotUtil.readStateHandle(file.toString()))) {
            steps = operator.takeAllMails();
            after = operator.answers();
        }
        try (OperatorHarness afresh = open(ordering, null)) {
            afresh.process(expected.stream()
                    .filter(request -> !before.contains(request.customId))
                    .toList());
            int all = afresh.takeAllMails();
            assertThat(steps)
                    .as("steps, of which the tokens in the state save some if it is the same engine")
                    .isLessThan(goesOn ? all : all + 1);
        }
        assertThat(after).extracting(answer -> answer.customId).doesNotContainAnyElementsOf(before);
        assertThat(after).hasSize(REQUESTS - before.size());
        var alone = oneByOne(model, expected).stream()
                .collect(Collectors.toMap(answer -> answer.customId, Function.identity()));
        assertThat(after).allSatisfy(answer -> {
            CompletionRecord whole = alone.get(answer.customId);
            assertThat(answer.choices).usingRecursiveComparison().isEqualTo(whole.choices);
            assertThat(answer.modelRevision).isEqualTo(whole.modelRevision);
        });
    }
}
