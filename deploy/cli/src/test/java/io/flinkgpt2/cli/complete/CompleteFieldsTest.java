package io.flinkgpt2.cli.complete;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.cli.CommandRun;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Fields of requests as {@code complete} takes them, in records and as options. */
class CompleteFieldsTest {

    private static final String FAIRYTALES = ClientLinesTest.FAIRYTALES;

    private static JsonNode answer(String body, String... options) {
        String[] arguments = new String[options.length + 5];
        List<String> fixed = List.of("complete", "--model", FAIRYTALES, "--output", "json");
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = i < fixed.size() ? fixed.get(i) : options[i - fixed.size()];
        }
        CommandRun run = CommandRun.withInput(body + "\n", arguments);
        assertThat(run.err()).isEmpty();
        return run.json().get(0);
    }

    @Test
    void severalPromptsAndChoicesAreOneAnswer() {
        JsonNode answer = answer("{\"prompt\":[\"The fox said\",\"Once\"],\"n\":2,\"max_tokens\":3,\"seed\":1}");

        assertThat(answer.get("choices")).hasSize(4);
        for (int i = 0; i < 4; i++) {
            assertThat(answer.at("/choices/" + i + "/index").intValue()).isEqualTo(i);
            assertThat(answer.at("/choices/" + i + "/token_ids")).hasSizeLessThanOrEqualTo(3);
        }
        JsonNode alone = answer("{\"prompt\":\"Once\",\"max_tokens\":3,\"temperature\":0}");
        JsonNode together = answer("{\"prompt\":[\"The fox said\",\"Once\"],\"max_tokens\":3,\"temperature\":0}");
        assertThat(together.at("/choices/1/text")).isEqualTo(alone.at("/choices/0/text"));
    }

    @Test
    void optionsAreDefaultsOfRecordsAndMeanTheSame() {
        String plain = "\"prompt\":\"The fox said\",\"max_tokens\":8,\"temperature\":0";
        JsonNode byOptions = answer(
                "{" + plain + "}",
                "--logprobs",
                "2",
                "--echo",
                "--stop",
                "I",
                "--repetition-penalty",
                "1.5",
                "--n",
                "2");
        JsonNode byFields = answer(
                "{" + plain + ",\"logprobs\":2,\"echo\":true,\"stop\":[\"I\"],\"repetition_penalty\":1.5,\"n\":2}");

        assertThat(byOptions.get("choices")).isEqualTo(byFields.get("choices"));
        assertThat(byFields.at("/choices/0/text").textValue()).startsWith("The fox said");
        assertThat(byFields.at("/choices/0/logprobs/tokens/0").textValue()).isEqualTo("The");
        assertThat(byFields.at("/choices/0/logprobs/token_logprobs/0").isNull()).isTrue();
        assertThat(byFields.at("/choices/0/logprobs/token_logprobs/1").isNumber())
                .isTrue();
        assertThat(byFields.at("/choices/0/cumulative_logprob").doubleValue()).isNegative();
    }

    @Test
    void textOutputHasALineForEachChoice() {
        CommandRun run = CommandRun.withInput(
                "", "complete", "--model", FAIRYTALES, "--prompt", "The fox said", "--max-tokens", "2", "--n", "3");

        assertThat(run.exitCode()).isZero();
        assertThat(run.out().lines().count()).isGreaterThanOrEqualTo(3);
    }
}
