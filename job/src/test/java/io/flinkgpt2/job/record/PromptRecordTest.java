package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tokenizer.Tokenizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Records that a program makes. */
class PromptRecordTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Once upon a time",
                "",
                "\"}",
                "a\nb\u0000\\",
                "\u00e9 \ud83d\ude00 \u6c34",
                "<|endoftext|>",
                "null"
            })
    void aPromptIsTheTextWhateverItHolds(String prompt) throws InvalidRequestException {
        PromptRequest request = Requests.parser().parse(PromptRecord.ofPrompt("a", prompt), Requests.NOW);
        int[] expected = prompt.isEmpty() ? new int[] {50256} : Tokenizer.gpt2().encode(prompt);
        assertThat(request.prompts).isDeepEqualTo(new int[][] {expected});
        assertThat(request.customId).isEqualTo("a");
        assertThat(request.parameters.seed()).isEqualTo(GenerationParameters.seedOf("a"));
        assertThat(request.parameters.maxTokens()).isEqualTo(16);
    }

    @Test
    void halfACharacterIsRefusedAndNotReplaced() {
        assertThatThrownBy(() -> Requests.parser().parse(PromptRecord.ofPrompt("a", "caf\u00e9 \ud83d!"), Requests.NOW))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("prompt: found the lone surrogate U+D83D");
    }

    @Test
    void anyRequestMayBeGivenAsJson() throws InvalidRequestException {
        PromptRecord record =
                PromptRecord.of("a", "{\"prompt\": \"Hello\", \"max_tokens\": 3, \"seed\": 7, \"custom_id\": \"b\"}");
        PromptRequest request = Requests.parser().parse(record, Requests.NOW);
        assertThat(request.customId).isEqualTo("b");
        assertThat(request.parameters).hasToString("GenerationParameters[max_tokens=3, temperature=1.0, seed=7]");
        assertThat(record.source.topic).isEmpty();
        assertThat(record.source.timestamp).isPositive();
    }

    @Test
    void descriptionsAreShortAndOnOneLine() {
        String prompt = "line\n".repeat(1000);
        assertThat(PromptRecord.ofPrompt("a", prompt).toString())
                .startsWith("PromptRecord[-0-0, \"{\\\"prompt\\\":\\\"line\\\\nline")
                .hasSizeLessThan(150)
                .doesNotContain("\n");
        assertThat(new PromptRecord(new RecordSource("prompts", 1, 2, 3), null, null, null))
                .hasToString("PromptRecord[prompts-1-2, no value]");
        PromptRecord record = new PromptRecord(new RecordSource("prompts", 1, 2, 3), null, null, null);
        RecordError error = new RecordError("the value: found none", "invalid_request_error", null, "empty_value");
        assertThat(new DeadLetter(record, error, "job", 5))
                .hasToString("DeadLetter[prompts-1-2, the value: found none]");
        assertThat(new CompletionRecord().toString())
                .startsWith("{\"id\":null,")
                .contains("\"choices\":[]");
    }
}
