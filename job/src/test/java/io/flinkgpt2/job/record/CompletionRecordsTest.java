package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.tensor.Precision;
import org.junit.jupiter.api.Test;

class CompletionRecordsTest {

    private final CompletionRecords records = new CompletionRecords("job", "gpt2", "0123456789abcdef", Precision.F32);

    private CompletionRecord completed(StopReason stopReason) {
        PromptRequest request = new PromptRequest();
        request.customId = "a";
        request.receivedAt = 1_000;
        Completion completion =
                new Completion(208, new int[] {5, 6}, "ab", stopReason, 200, 30_000_000, 40_000_000, 500_000_000);
        return records.completed(request, completion, 1_007, true);
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
                case END_OF_TEXT -> new String[] {"stop", null};
                case MAX_TOKENS -> new String[] {"length", "max_tokens"};
                case MAX_CONTEXT -> new String[] {"length", "max_context"};
                case CANCELLED -> new String[] {"cancelled", null};
            };
            assertThat(choice.finishReason).isEqualTo(expected[0]);
            assertThat(choice.stopReason).isEqualTo(expected[1]);
        }
    }
}
