package io.flinkgpt2.job.operator;

import static io.flinkgpt2.job.operator.OperatorHarness.LONG;
import static io.flinkgpt2.job.operator.OperatorHarness.batch;
import static io.flinkgpt2.job.operator.OperatorHarness.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.function.TinyModel;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Fields of a request that the operator acts on itself. */
@SuppressWarnings("try") // a harness may throw anything when it is closed
class RequestFeaturesOperatorTest {

    private static Path model;

    @BeforeAll
    static void writeModel(@TempDir Path directory) throws Exception {
        model = TinyModel.write(directory.resolve("tiny"), 1);
    }

    private static PromptRequest with(GenerationParametersBuilder parameters, String customId) {
        PromptRequest request = request(customId, 1, 5, 6);
        request.parameters = parameters.build();
        return request;
    }

    private static GenerationParametersBuilder beams(int width) {
        return GenerationParameters.builder()
                .setMaxTokens(6)
                .setChoices(width)
                .setBeams(new BeamParameters(1, false));
    }

    /** The tiny model's context is half a block, so a beam takes a block, and another one for its copy. */
    @ParameterizedTest
    @EnumSource
    void aBeamSearchThatDoesNotFitTheSlotIsADeadLetterThatSaysTheBytes(Ordering ordering) throws Exception {
        long block = 2L * 64 * 8 * Float.BYTES;
        BatchSettings roomForFive = new BatchSettings(8, LONG, 10 * block, null);
        try (OperatorHarness operator =
                OperatorHarness.restore(ordering, OperatorHarness.settings(model), roomForFive, null)) {
            operator.process(List.of(
                    request("before", 3, 1), with(beams(6), "wide"), with(beams(5), "fits"), request("after", 3, 2)));
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactlyInAnyOrder("before", "fits", "after");
            assertThat(operator.deadLetters()).hasSize(1);
            DeadLetter letter = operator.deadLetters().get(0);
            assertThat(letter.error.code).isEqualTo("too_large");
            assertThat(letter.error.param).isEqualTo("n");
            assertThat(letter.error.message)
                    .contains("6 beams may take " + 12 * block + " bytes")
                    .contains("at most " + 10 * block);
        }
    }

    @Test
    void aLowerPriorityGoesFirst() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, java.time.Duration.ZERO))) {
            PromptRequest[] requests = {request("a", 3, 1), request("b", 1, 2), request("c", 1, 3), request("d", 1, 4)};
            int[] priorities = {9, 2, -1, 2};
            for (int i = 0; i < requests.length; i++) {
                requests[i].priority = priorities[i];
                operator.process(requests[i]);
                operator.takeMails(i == 0 ? 2 : 0); // the first one runs already
            }
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("a", "c", "b", "d");
        }
    }

    @Test
    void timeCountsFromWhenTheOperatorTakesTheRecord() throws Exception {
        try (OperatorHarness operator = OperatorHarness.open(model, batch(1, java.time.Duration.ZERO))) {
            GenerationParametersBuilder endless =
                    GenerationParameters.builder().setMaxTokens(25).setIgnoreEndOfText(true);
            operator.process(with(endless, "patient"));
            operator.process(with(endless.setTimeoutMillis(30), "waiting"));
            Thread.sleep(31);
            operator.takeAllMails();
            assertThat(operator.answered()).containsExactly("waiting", "patient");
            CompletionRecord waiting = operator.answers().get(0);
            assertThat(waiting.error).isNull();
            assertThat(waiting.choices.get(0).finishReason).isEqualTo("timeout");
            assertThat(waiting.choices.get(0).text).isEmpty();
        }
    }
}
