package io.flinkgpt2.validation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.model.Gpt2Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of expected values that are wrong: each is refused with the place and what is wrong. */
class ExpectedValuesTest {

    private static final Path MODEL = GoldenModel.directory("unscaled");

    @TempDir
    private Path directory;

    private ExpectedValues read(String json) throws IOException {
        return ExpectedValues.read(
                Files.writeString(directory.resolve("expected.json"), json),
                MODEL,
                Gpt2Config.read(MODEL.resolve("config.json")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "no json|document: found text that is not JSON (found 'no'",
                "[]|document, value: found a value of type array, expected an object",
                "{} {}|document: found text that is not JSON (found more text after the end",
                "{}|found both or neither, expected one of them",
                "{\"cases\": [], \"files\": {}}|found both or neither",
                "{\"cases\": []}|document, cases: found none, expected one or more",
                "{\"cases\": 3}|document.cases: found 3, expected an array",
                "{\"cases\": [], \"case\": []}|document, field: found 'case', expected only [cases, files]",
                "{\"cases\": [], \"cases\": []}|found the name 'cases' twice",
                "{\"cases\": [3]}|document.cases[0], value: found 3, expected an object",
                "{\"cases\": [{}]}|document.cases[0], promptTokenIds: found nothing",
                "{\"cases\": [{\"promptTokenIds\": []}]}|promptTokenIds: found 0 ids",
                "{\"cases\": [{\"promptTokenIds\": [1, 300]}]}|promptTokenIds[1]: found token id 300, expected 0..299",
                "{\"cases\": [{\"promptTokenIds\": [-1]}]}|found token id -1",
                "{\"cases\": [{\"promptTokenIds\": [1.5]}]}|promptTokenIds[0]: found 1.5, expected an integer",
                "{\"cases\": [{\"promptTokenIds\": [1], \"argMax\": 3}]}|document.cases[0], field: found 'argMax'",
                "{\"cases\": [{\"promptTokenIds\": [1], \"argmax\": \"3\"}]}|found a value of type string, expected an integer",
                "{\"cases\": [{\"promptTokenIds\": [1], \"lastLogits\": [1, 2]}]}|lastLogits: found 2 values, expected 300",
                "{\"cases\": [{\"promptTokenIds\": [1], \"sumLogProbability\": 1e999}]}|expected a number",
                "{\"cases\": [{\"promptTokenIds\": [1], \"text\": \"a\"}]}|text: found no greedyTokenIds",
                "{\"cases\": [{\"promptTokenIds\": [1], \"softmaxTemperature0.7Top5\": [[1]]}]}|found 1 values, expected more",
                "{\"cases\": [{\"promptTokenIds\": [1], \"activations\": {\"block1\": {}}}]}|activations, field: found 'block1'",
                "{\"cases\": [{\"promptTokenIds\": [1], \"activations\": {\"embedding\": {\"shape\": [2, 2], \"values\": [1]}}}]}|values: found 1 values, expected 4",
                "{\"cases\": [{\"promptTokenIds\": [1], \"activations\": {\"embedding\": {\"shape\": [65536, 65536, 65536, 65536, 65536], \"values\": [1]}}}]}|shape: found more than 2^31",
                "{\"files\": {\"a.gguf\": []}}|document.files, 'unscaled': found no cases, expected cases of the model's file, as there are of [a.gguf]",
            })
    void isRefusedByName(String json, String message) {
        assertThatThrownBy(() -> read(json))
                .isInstanceOf(InvalidExpectedValuesException.class)
                .hasMessageStartingWith(directory.resolve("expected.json") + ": ")
                .hasMessageContaining(message);
    }

    @Test
    void anExpectationBeyondTheContextIsRefused() {
        assertThatThrownBy(() -> read(
                        "{\"cases\": [{\"promptTokenIds\": [1], \"greedyTokenIds\": [" + "1,".repeat(31) + "1]}]}"))
                .hasMessageContaining("found 1 ids, 32 to follow, expected at least 1, and together at most 32");
    }

    @Test
    void onlyThePromptIsNeeded() throws IOException {
        ExpectedValues expected = read("{\"cases\": [{\"promptTokenIds\": [4, 5]}]}");

        assertThat(expected.firstPrompt()).containsExactly(4, 5);
    }
}
