package io.flinkgpt2.job.operator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.sampling.GenerationParameters;
import java.util.List;
import org.junit.jupiter.api.Test;

class StateSizeTest {

    private static PromptRequest request(int promptTokens, int valueBytes) {
        PromptRequest request = new PromptRequest();
        byte[] value = "x".repeat(valueBytes).getBytes(UTF_8);
        request.record = new PromptRecord(new RecordSource("prompts", 0, 0, 0), null, value, List.of());
        request.customId = "id";
        request.prompts = new int[][] {new int[promptTokens]};
        request.droppedTokens = new int[] {0};
        request.parameters = GenerationParameters.builder().build();
        return request;
    }

    @Test
    void eachTokenIsFourBytesAndTheRecordIsKept() {
        int size = StateSize.bytes(request(10, 100), "identity", 5);

        assertThat(StateSize.bytes(request(11, 100), "identity", 5)).isEqualTo(size + Integer.BYTES);
        assertThat(StateSize.bytes(request(10, 100), "identity", 8)).isEqualTo(size + 3 * Integer.BYTES);
        assertThat(StateSize.bytes(request(10, 170), "identity", 5)).isEqualTo(size + 70);
        assertThat(size).isBetween(100 + 15 * Integer.BYTES, 1000);
    }
}
