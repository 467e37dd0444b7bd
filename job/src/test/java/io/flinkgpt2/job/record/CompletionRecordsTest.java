package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

    private static Completion ofPrompt(int prompt, int choice, int cachedTokens, int... tokenIds) {
        return new Completion(
                prompt, choice, 1, tokenIds, "t", StopReason.END_OF_TEXT, null, -1, null, null, cachedTokens, 0, 0, 1);
    }

    @Test
    void choicesOfSeveralPromptsAreNumberedPromptByPrompt() throws InvalidRequestException {
        PromptRequest request = Requests.parse(
                "{\"prompt\":[[1,2,3],[4]],\"n\":2,\"best_of\":3,\"return_token_ids\":true,\"session_id\":\"s\",\"user\":\"u\"}");
        List<Completion> completions =
                List.of(ofPrompt(1, 0, 0, 7), ofPrompt(0, 1, 2, 8, 8), ofPrompt(1, 1, 1), ofPrompt(0, 0, 1, 9, 9, 9));

        CompletionRecord record = records.completed(request, completions, 0, false);

        assertThat(record.choices).extracting(choice -> choice.index).containsExactly(0, 1, 2, 3);
        assertThat(record.choices.get(0).tokenIds).containsExactly(9, 9, 9);
        assertThat(record.choices.get(2).tokenIds).containsExactly(7);
        assertThat(record.choices.get(1).promptTokenIds).containsExactly(1, 2, 3);
        assertThat(record.choices.get(3).promptTokenIds).containsExactly(4);
        assertThat(record.promptTokens).isEqualTo(4);
        assertThat(record.completionTokens).isEqualTo(6);
        assertThat(record.metrics.cachedTokens)
                .as("what no choice of a prompt computed")
                .isEqualTo(1);
        assertThat(record.sessionId).isEqualTo("\"s\"");
        assertThat(record.user).isEqualTo("\"u\"");
    }

    @Test
    void eachChoiceSaysWhatWasCutOffItsPrompt() throws InvalidRequestException {
        PromptRequest request =
                Requests.parse("{\"prompt\":[[1,2,3],[4]],\"truncate_prompt_tokens\":1,\"truncation_side\":\"right\"}");

        CompletionRecord record = records.completed(request, List.of(ofPrompt(0, 0, 0), ofPrompt(1, 0, 0)), 0, false);

        assertThat(record.choices)
                .extracting(choice -> choice.promptTokensDropped)
                .containsExactly(2, 0);
        assertThat(record.choices).extracting(choice -> choice.truncatedSide).containsExactly("right", null);
    }

    @Test
    void whatEndedACompletionIsTold() throws InvalidRequestException {
        PromptRequest request = Requests.parse("{\"prompt\":[1],\"n\":2}");
        Completion byText =
                new Completion(0, 0, 1, new int[] {5}, "a", StopReason.STOP_STRING, "b\n", -1, null, null, 0, 0, 0, 0);
        Completion byId =
                new Completion(0, 1, 1, new int[] {5}, "a", StopReason.STOP_TOKEN, null, 13, null, null, 0, 0, 0, 0);

        JsonNode choices = Requests.json(
                        CompletionJson.write(records.completed(request, List.of(byText, byId), 0, false)))
                .get("choices");

        assertThat(choices.at("/0/stop_reason").textValue()).isEqualTo("b\n");
        assertThat(choices.at("/1/stop_reason").isInt()).isTrue();
        assertThat(choices.at("/1/stop_reason").intValue()).isEqualTo(13);
        assertThat(choices.at("/0/logprobs").isNull()).isTrue();
        assertThat(choices.at("/0").has("token_ids")).isFalse();
    }

    @Test
    void specialTokensAreEchoedOnlyIfTheyAreNotLeftOut() throws InvalidRequestException {
        String request = "{\"prompt\":[17250,50256],\"echo\":true,\"skip_special_tokens\":";
        List<Completion> completions = List.of(ofPrompt(0, 0, 0));

        assertThat(records.completed(Requests.parse(request + "true}"), completions, 0, false)
                        .choices
                        .get(0)
                        .text)
                .isEqualTo("Hit");
        assertThat(records.completed(Requests.parse(request + "false}"), completions, 0, false)
                        .choices
                        .get(0)
                        .text)
                .isEqualTo("Hi<|endoftext|>t");
    }

    @ParameterizedTest
    @CsvSource({"AS_SENT, true, true", "AS_SENT, false, false", "NEVER, true, false", "ALWAYS, false, true"})
    void anAnswerIsInAnEnvelopeAsTheJobIsTold(RecordEnvelope envelope, boolean sent, boolean answered)
            throws InvalidRequestException {
        CompletionRecords enveloping =
                new CompletionRecords("job", "gpt2", "0", Precision.F32, Tokenizer.gpt2(), envelope);
        String body = "{\"custom_id\":\"a\",\"prompt\":[1]}";
        PromptRequest request = Requests.parse(sent ? "{\"body\":" + body + "}" : body);

        CompletionRecord record = enveloping.completed(request, List.of(ofPrompt(0, 0, 0)), 0, false);
        CompletionRecord failed = enveloping.failed(request, new IllegalStateException("it broke"), 0);

        assertThat(record.envelope).isEqualTo(answered);
        JsonNode written = Requests.json(CompletionJson.write(record));
        JsonNode error = Requests.json(CompletionJson.write(failed));
        if (answered) {
            String digits = record.id.substring("cmpl-".length());
            assertThat(written.get("id").textValue()).isEqualTo("batch_req_" + digits);
            assertThat(written.at("/response/request_id").textValue()).isEqualTo("req_" + digits);
            assertThat(written.get("custom_id").textValue()).isEqualTo("a");
            assertThat(written.at("/response/status_code").intValue()).isEqualTo(200);
            assertThat(written.get("error").isNull()).isTrue();
            assertThat(written.at("/response/body/id").textValue()).isEqualTo(record.id);
            assertThat(error.at("/response/status_code").intValue()).isEqualTo(500);
            assertThat(error.get("error").isNull()).isTrue();
            assertThat(error.at("/response/body/error/message").textValue()).isEqualTo("it broke");
        } else {
            assertThat(written.get("id").textValue()).isEqualTo(record.id);
        }
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
