package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the command may be told of prompts and of how the model is loaded. */
class CompleteOptionsIT {

    private static final String MODEL = Command.bundledModel().toString();

    private static Command complete(String... options) {
        return Command.launcher("complete", "--model", MODEL, "--temperature", "0", "--output", "json")
                .with(options);
    }

    @Test
    void promptsThatDoNotFitAreCutAsTheCommandOrTheRequestSays() throws Exception {
        String prompt = "{\"prompt\": [" + ids(0, 20) + "]";

        Run run = complete("--max-context", "16", "--max-tokens", "4", "--truncate-prompt", "left")
                .input(prompt + "}\n"
                        + prompt + ", \"truncate_prompt\": \"right\"}\n"
                        + prompt + ", \"truncate_prompt\": \"error\"}\n"
                        + "{\"prompt\": [" + ids(8, 20) + "]}\n"
                        + "{\"prompt\": [" + ids(0, 12) + "]}\n")
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        List<JsonNode> answers = run.json();
        assertThat(answers.get(0).at("/choices/0/truncated"))
                .isEqualTo(Run.json("{\"prompt_tokens_dropped\": 8, \"side\": \"left\"}"));
        assertThat(answers.get(1).at("/choices/0/truncated"))
                .isEqualTo(Run.json("{\"prompt_tokens_dropped\": 8, \"side\": \"right\"}"));
        assertThat(answers.get(2).at("/error/code").textValue()).isEqualTo("context_length_exceeded");
        for (int i = 0; i < 2; i++) {
            ObjectNode choice = (ObjectNode) answers.get(i).at("/choices/0");
            assertThat(choice.without("truncated").toString())
                    .isEqualTo(answers.get(i + 3).at("/choices/0").toString());
            assertThat(answers.get(i).path("usage"))
                    .isEqualTo(answers.get(i + 3).path("usage"));
            assertThat(answers.get(i + 3).at("/choices/0").has("truncated")).isFalse();
        }
        assertThat(answers.get(0).path("choices")).isNotEqualTo(answers.get(1).path("choices"));
    }

    /** A part of a prompt of 20 tokens. */
    private static String ids(int from, int to) {
        return IntStream.range(from, to)
                .mapToObj(i -> String.valueOf(300 + 211 * i))
                .collect(Collectors.joining(","));
    }

    @Test
    void specialTokensAreTextUnlessTheyAreAllowed() throws Exception {
        String requests = "{\"prompt\": \"<|endoftext|>Once\"}\n{\"prompt\": [50256, 7454]}\n";
        Run plain = complete().input(requests).run();
        Run allowed = complete("--allow-special-tokens").input(requests).run();

        assertThat(plain.json().get(0).at("/usage/prompt_tokens").intValue()).isGreaterThan(2);
        assertThat(allowed.json().get(0).at("/usage/prompt_tokens").intValue()).isEqualTo(2);
        assertThat(allowed.json().get(0).path("choices"))
                .isEqualTo(allowed.json().get(1).path("choices"));

        String text = "{\"text\": \"<|endoftext|>Once\"}\n";
        String[] tokenize = {"tokenize", "--model", MODEL};
        Run ordinary = Command.launcher(tokenize).input(text).run();
        Run special = Command.launcher(tokenize)
                .with("--allow-special-tokens")
                .input(text)
                .run();
        assertThat(Run.tokenIds(ordinary.json().get(0).path("token_ids"))).doesNotContain(50256);
        assertThat(Run.tokenIds(special.json().get(0).path("token_ids"))).containsExactly(50256, 7454);
    }

    @Test
    void theActivationAndThePrecisionAreTheUsersChoice() throws Exception {
        String request = "{\"prompt\": \"Once upon a time\", \"max_tokens\": 24}\n";
        JsonNode plain = complete().input(request).run().json().get(0);
        JsonNode own = complete("--activation", "gelu_new", "--precision", "f32")
                .input(request)
                .run()
                .json()
                .get(0);
        JsonNode relu = complete("--activation", "relu", "--precision", "int8")
                .input(request)
                .run()
                .json()
                .get(0);

        assertThat(own.path("choices")).isEqualTo(plain.path("choices"));
        assertThat(own.path("system_fingerprint")).isEqualTo(plain.path("system_fingerprint"));
        assertThat(plain.path("system_fingerprint").textValue()).endsWith("-f32");
        assertThat(relu.path("choices")).isNotEqualTo(plain.path("choices"));
        assertThat(relu.path("model_revision")).isNotEqualTo(plain.path("model_revision"));
        assertThat(relu.path("system_fingerprint").textValue()).endsWith("-int8");
    }
}
