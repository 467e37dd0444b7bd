package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompletionRecordsTest {

    private final CompletionRecords records = new CompletionRecords(
            "job", "gpt2", "0123456789abcdef", Precision.F32, Tokenizer.gpt2(), RecordEnvelope.AS_SENT);

    private CompletionRecord completed(StopReason stopReason) {
        PromptRequest request = new PromptRequest();
        request.customId = "a";
        request.receivedAt = 1_000;
        request.record = new PromptRecord();
        request.prompts = new int[][] {new int[208]};
        request.droppedTokens = new int[1];
        request.parameters = GenerationParameters.greedy(2);
        return records.completed(request, List.of(completion(0, stopReason, 200)), 1_007, true);
    }

    private static Completion completion(int choice, StopReason stopReason, int cachedTokens) {
        return new Completion(
                0,
                choice,
                208,
                new int[] {5, 6},
                "ab",
                stopReason,
                null,
                -1,
                null,
                null,
                cachedTokens,
                30_000_000,
                40_000_000,
                500_000_000);
    }

    @Test
    void severalChoicesAreOneAnswer() {
        PromptRequest request = new PromptRequest();
        request.customId = "a";
        request.record = new PromptRecord();
        request.prompts = new int[][] {new int[208]};
        request.droppedTokens = new int[1];
        request.parameters = GenerationParameters.greedy(2);
        List<Completion> choices =
                List.of(completion(0, StopReason.MAX_TOKENS, 0), completion(2, StopReason.END_OF_TEXT, 207));
        CompletionRecord record = records.completed(request, choices, 0, false);
        assertThat(record.choices).extracting(choice -> choice.index).containsExactly(0, 2);
        assertThat(record.choices).extracting(choice -> choice.finishReason).containsExactly("length", "stop");
        assertThat(record.promptTokens).isEqualTo(208);
        assertThat(record.completionTokens).isEqualTo(4);
        assertThat(record.metrics.cachedTokens).isZero();
        assertThat(record.metrics.tokensPerSecond).isEqualTo(8);
    }

    @Test
    void theMetricsAreThoseOfTheCompletionAndOfTheWayToIt() {
        RequestMetrics metrics = completed(StopReason.MAX_TOKENS).metrics;
        assertThat(metrics.queueTimeMs)
                .as("before the generator and in its queue")
                .isEqualTo(7 + 30);
        assertThat(metrics.timeToFirstTokenMs).isEqualTo(40);
        assertThat(metrics.generationTimeMs).isEqualTo(500);
        assertThat(metrics.tokensPerSecond).isEqualTo(4);
        assertThat(metrics.cachedTokens).isEqualTo(200);
    }

    @Test
    void onlyALimitIsNamedAsTheReason() {
        for (StopReason stopReason : StopReason.values()) {
            CompletionChoice choice = completed(stopReason).choices.get(0);
            String[] expected = switch (stopReason) {
                case END_OF_TEXT, CONSTRAINT, STOP_STRING, STOP_TOKEN -> new String[] {"stop", null};
                case MAX_TOKENS -> new String[] {"length", "max_tokens"};
                case MAX_CONTEXT -> new String[] {"length", "max_context"};
                case REPETITION -> new String[] {"repetition", "repetition_detected"};
                case TIMEOUT -> new String[] {"timeout", null};
                case CANCELLED -> new String[] {"cancelled", null};
            };
            assertThat(choice.finishReason).isEqualTo(expected[0]);
            assertThat(choice.stopReason).isEqualTo(expected[1]);
        }
    }
}
