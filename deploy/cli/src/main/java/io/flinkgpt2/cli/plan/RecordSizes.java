package io.flinkgpt2.cli.plan;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.operator.StateSize;
import io.flinkgpt2.job.record.CompletionJson;
import io.flinkgpt2.job.record.CompletionRecords;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.DefaultRecord;

/**
 * The bytes of a typical prompt and its answer, as the job and Kafka's client write them.
 *
 * @param prompt record of the prompts' topic, without its share of a batch's header
 * @param answer record of the completions' topic, likewise
 * @param state the request in a checkpoint while it runs, half of its tokens generated
 */
record RecordSizes(int prompt, int answer, int state) {

    /** The length of a random UUID, a common identity. */
    private static final String CUSTOM_ID = "123e4567-e89b-12d3-a456-426614174000";

    private static final Header[] NO_HEADERS = {};
    private static final long NOW = 1_800_000_000_000L;

    /**
     * Returns the sizes for prompts of so many tokens.
     *
     * @param model what answers call the model
     * @param bytesPerToken bytes of text for a token
     */
    static RecordSizes of(String model, Precision precision, int promptTokens, int newTokens, double bytesPerToken) {
        String text = text(promptTokens, bytesPerToken);
        String value =
                "{\"custom_id\":\"" + CUSTOM_ID + "\",\"prompt\":\"" + text + "\",\"max_tokens\":" + newTokens + "}";
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        PromptRequest request = request(bytes, promptTokens, newTokens);
        CompletionRecords records = new CompletionRecords(
                JobOptions.JOB_NAME.defaultValue(),
                model,
                "0123456789abcdef",
                precision,
                Tokenizer.tokenIdsOnly("only sizes are asked for"),
                RecordEnvelope.NEVER);
        Completion completion = new Completion(
                0,
                0,
                promptTokens,
                new int[newTokens],
                text(newTokens, bytesPerToken),
                StopReason.MAX_TOKENS,
                null,
                -1,
                null,
                null,
                0,
                1_000_000_000,
                1_000_000_000,
                10_000_000_000L);
        byte[] answer = CompletionJson.write(records.completed(request, List.of(completion), NOW, false));
        return new RecordSizes(
                kafka(bytes),
                kafka(answer),
                StateSize.bytes(request, "model_revision=0123456789abcdef", newTokens / 2));
    }

    private static PromptRequest request(byte[] value, int promptTokens, int newTokens) {
        PromptRequest request = new PromptRequest();
        RecordSource source = new RecordSource(JobOptions.TOPICS_PROMPTS.defaultValue(), 100, 1_000_000, NOW);
        request.record = new PromptRecord(source, null, value, List.of());
        request.customId = CUSTOM_ID;
        request.prompts = new int[][] {new int[promptTokens]};
        request.droppedTokens = new int[] {0};
        request.parameters =
                GenerationParameters.builder().setMaxTokens(newTokens).build();
        request.receivedAt = NOW;
        return request;
    }

    private static int kafka(byte[] value) {
        // Deltas to the first record of a batch, of which there are some dozens; -1: no key.
        return DefaultRecord.sizeInBytes(20, 100, -1, value.length, NO_HEADERS);
    }

    private static String text(int tokens, double bytesPerToken) {
        return "x".repeat((int) Math.max(1, Math.round(tokens * bytesPerToken)));
    }
}
