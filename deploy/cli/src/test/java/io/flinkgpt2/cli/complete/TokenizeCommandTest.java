package io.flinkgpt2.cli.complete;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code tokenize} and {@code complete} on a model of 700 ids whose toy vocabulary has 306 tokens, and two that are added. */
class TokenizeCommandTest {

    private static final Path GOLDEN = Path.of("../../model-core/src/test/resources/golden");

    @TempDir
    private Path model;

    private void copyAModel() throws IOException {
        for (String name : List.of(
                "config.json",
                "model.safetensors.index.json",
                "model-00001-of-00002.safetensors",
                "model-00002-of-00002.safetensors")) {
            Files.copy(GOLDEN.resolve("scaled-sharded-bf16").resolve(name), model.resolve(name));
        }
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(GOLDEN.resolve("tokenizer/toy").resolve(name), model.resolve(name));
        }
        Files.writeString(model.resolve("added_tokens.json"), "{\"<|user|>\": 306, \"<|pad|>\": 400}");
        Files.writeString(model.resolve("special_tokens_map.json"), "{\"pad_token\": \"<|pad|>\"}");
    }

    @Test
    void rule2_1_decodeTakesEveryIdOfTheModelAndAnIdWithoutATokenHasNoText() throws IOException {
        copyAModel();
        CommandRun decoded = CommandRun.withInput(
                "{\"token_ids\": [258, 699, 306, 350, 400, 305]}\n{\"token_ids\": [700]}\n",
                "tokenize",
                "--decode",
                "--model",
                model.toString());
        assertThat(decoded.json().get(0).path("text").textValue()).isEqualTo("the<|user|><|pad|><|endoftext|>");
        assertThat(decoded.json().get(1).path("error").textValue())
                .isEqualTo("line 2: token_ids[0]: found 700, expected a token id, 0..699 (the model's vocabulary)");
        assertThat(decoded.exitCode()).isEqualTo(1);
        CommandRun encoded = CommandRun.withInput(
                "{\"text\": \"the<|user|><|pad|>\"}\n",
                "tokenize",
                "--allow-special-tokens",
                "--model",
                model.toString());
        assertThat(encoded.json().get(0).path("token_ids")).hasToString("[258,306,400]");
    }

    @Test
    void rule2_1_thePromptsTokensAreCountedWithTheBeginning() throws IOException {
        copyAModel();
        String[] complete = {
            "complete", "--model", model.toString(), "--prompt", "the", "--max-tokens", "1", "--output", "json"
        };
        JsonNode without = CommandRun.of(complete).json().get(0);
        Files.writeString(model.resolve("tokenizer_config.json"), "{\"add_bos_token\": true}");
        JsonNode with = CommandRun.of(complete).json().get(0);
        assertThat(without.at("/usage/prompt_tokens").intValue()).isEqualTo(1);
        assertThat(with.at("/usage/prompt_tokens").intValue()).isEqualTo(2);
        assertThat(with.path("model_revision")).isNotEqualTo(without.path("model_revision"));
        CommandRun verified = CommandRun.of("verify", "--model", model.toString());
        assertThat(verified.exitCode()).as(verified.err()).isZero();
        assertThat(verified.out()).containsPattern("decoded = encoded text .*passed");
    }

    @Test
    void aTokenizerThatTakesNoTextSaysSoInItsPlace() {
        CommandRun run = CommandRun.withInput(
                "{\"text\": \"the\"}\n",
                "tokenize",
                "--model",
                GOLDEN.resolve("unscaled").toString());
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.json().get(0).path("error").textValue())
                .startsWith("line 1: this model takes token ids only: ")
                .contains("has no tokenizer");
    }
}
