package io.flinkgpt2.cli.complete;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.cli.CommandRun;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Lines as clients and editors write them, through {@code complete} and {@code tokenize}. */
class ClientLinesTest {
    static final String FAIRYTALES = "../models/fairytales";
    private static final String PLAIN =
            "{\"custom_id\":\"%s\",\"prompt\":\"The fox said\",\"max_tokens\":4,\"seed\":1}";

    @Test
    void whatClientsWriteIsAnsweredAsThePlainRequestIs() {
        List<String> bodies = List.of(
                "\"model\":\"fairytales\",\"n\":1,\"stream\":false,\"frequency_penalty\":0.0,\"logit_bias\":{},\"stop\":null,\"user\":\"\"",
                "\"suffix\":null,\"stream_options\":null,\"logprobs\":null,\"echo\":false,\"best_of\":1,\"logit_bias\":null",
                "\"suffix\":\"\",\"skip_special_tokens\":true,\"spaces_between_special_tokens\":true,\"add_special_tokens\":true",
                "\"early_stopping\":false,\"store\":false,\"service_tier\":\"auto\",\"response_format\":{\"type\":\"text\"}",
                "\"n\":1.0,\"min_tokens\":0.0,\"top_k\":0.0");
        StringBuilder lines = new StringBuilder("\ufeff" + String.format(PLAIN, "plain") + "\n\ufeff\n");
        for (String body : bodies) {
            lines.append("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{")
                    .append(body)
                    .append(",\"prompt\":[\"The fox said\"],\"max_tokens\":4e0,\"seed\":1.0}}\n");
        }

        CommandRun run = CommandRun.withInput(lines.toString(), "complete", "--model", FAIRYTALES, "--output", "json");

        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        List<JsonNode> answers = run.json();
        assertThat(answers).hasSize(1 + bodies.size());
        JsonNode plain = answers.get(0).get("choices");
        assertThat(plain).hasSize(1);
        assertThat(answers.subList(1, answers.size()))
                .as("each in an envelope, as it was sent")
                .allSatisfy(answer ->
                        assertThat(answer.at("/response/body/choices")).isEqualTo(plain));

        CommandRun bare = CommandRun.withInput(
                lines.toString(), "complete", "--model", FAIRYTALES, "--output", "json", "--envelope", "never");
        assertThat(bare.json())
                .allSatisfy(answer -> assertThat(answer.get("choices")).isEqualTo(plain));
    }

    @Test
    void optionsFillALineWithAByteOrderMarkToo() {
        CommandRun run = CommandRun.withInput(
                "\ufeff{\"prompt\":\"The fox said\",\"seed\":1}\n",
                "complete",
                "--model",
                FAIRYTALES,
                "--max-tokens",
                "2",
                "--output",
                "json");

        assertThat(run.json())
                .singleElement()
                .satisfies(answer -> assertThat(
                                answer.at("/usage/completion_tokens").intValue())
                        .isEqualTo(2));
    }

    @Test
    void tokenizePassesOverAByteOrderMarkAndSaysWhatIsWrongInPlainWords() {
        CommandRun run = CommandRun.withInput(
                "\ufeff{\"text\":\"Hi\"}\n{\"text\":NaN}\n\ufffe", "tokenize", "--model", FAIRYTALES);

        List<JsonNode> answers = run.json();
        assertThat(answers.get(0).get("text").textValue()).isEqualTo("Hi");
        assertThat(answers.get(0).get("token_ids")).isNotEmpty();
        assertThat(answers.get(1).get("error").textValue())
                .isEqualTo("line 2: not JSON: found NaN, which JSON does not have; expected a finite number");
        assertThat(answers.get(2).get("error").textValue()).startsWith("line 3: not JSON: found ");
        assertThat(run.exitCode()).isEqualTo(1);
    }
}
