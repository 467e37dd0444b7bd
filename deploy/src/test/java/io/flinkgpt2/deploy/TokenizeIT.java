package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Text to ids and back, by the command. */
class TokenizeIT {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Test
    void rule2_1_gpt2sVocabularyHasTheKnownIdsBothWays() throws Exception {
        assertBothWays(Command.bundledModel(), Run.jsonLines(Command.testData("golden/tokenizer/gpt2.jsonl")), 332);
    }

    @Test
    void aModelsOwnVocabularyNeedsOnlyTheTwoFilesOfIt() throws Exception {
        Path toy = Command.testData("golden/tokenizer/toy");
        List<JsonNode> rows = Run.jsonLines(toy.resolve("expected.jsonl"));
        assertBothWays(toy, rows, rows.size());
    }

    private static void assertBothWays(Path model, List<JsonNode> rows, int size) throws Exception {
        assertThat(rows).hasSize(size).isNotEmpty();
        StringBuilder texts = new StringBuilder();
        StringBuilder ids = new StringBuilder();
        for (JsonNode row : rows) {
            ObjectNode text = MAPPER.createObjectNode();
            text.set("text", row.path("text"));
            texts.append(text).append('\n');
            ObjectNode tokenIds = MAPPER.createObjectNode();
            tokenIds.set("token_ids", row.path("tokenIds"));
            ids.append(tokenIds).append('\n');
        }

        Run encoded = Command.launcher("tokenize", "--model", model.toString())
                .environment("LC_ALL", "C")
                .input(texts.toString())
                .run();
        Run decoded = Command.launcher("tokenize", "--decode", "--model", model.toString())
                .environment("LC_ALL", "POSIX")
                .input(ids.toString())
                .run();

        for (Run run : List.of(encoded, decoded)) {
            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.err()).isEmpty();
            List<JsonNode> answers = run.json();
            assertThat(answers).hasSameSizeAs(rows);
            for (int i = 0; i < rows.size(); i++) {
                assertThat(answers.get(i).path("text")).isEqualTo(rows.get(i).path("text"));
                assertThat(answers.get(i).path("token_ids"))
                        .isEqualTo(rows.get(i).path("tokenIds"));
            }
        }
    }

    @Test
    void aWrongLineIsAnsweredByAnErrorInItsPlace() throws Exception {
        ByteArrayOutputStream input = new ByteArrayOutputStream();
        write(input, "{\"text\": \"Hello world\"}\n\n{\"text\": 7}\r\nno json\n{\"text\": \"");
        input.write(0xFF);
        write(input, "\"}\n{\"text\": \"\\ud800\"}\n{\"text\": \"last line without an end\"}");

        Run run = Command.launcher("tokenize", "--model", Command.bundledModel().toString())
                .input(input.toByteArray())
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEmpty();
        List<JsonNode> answers = run.json();
        assertThat(answers).hasSize(6);
        assertThat(answers.get(0).path("token_ids")).hasToString("[15496,995]");
        assertThat(answers.get(1).path("error").textValue())
                .startsWith("line 3: ")
                .contains("text");
        assertThat(answers.get(2).path("error").textValue())
                .startsWith("line 4: ")
                .contains("JSON");
        assertThat(answers.get(3).path("error").textValue())
                .startsWith("line 5: ")
                .contains("UTF-8");
        assertThat(answers.get(4).path("error").textValue())
                .startsWith("line 6: ")
                .contains("U+D800");
        assertThat(answers.get(5).path("token_ids")).isNotEmpty();
    }

    @Test
    void wrongIdsAreAnsweredByAnErrorInTheirPlace() throws Exception {
        Run run = Command.launcher(
                        "tokenize",
                        "--decode",
                        "--model",
                        Command.bundledModel().toString())
                .input("""
                        {"token_ids": [50257]}
                        {"token_ids": [-1]}
                        {"token_ids": [1.5]}
                        {"token_ids": 3}
                        {"token_ids": [99999999999]}
                        {"token_ids": [15496, 995]}
                        """)
                .run();

        assertThat(run.exitCode()).isEqualTo(1);
        List<JsonNode> answers = run.json();
        assertThat(answers).hasSize(6);
        for (int i = 0; i < 5; i++) {
            assertThat(answers.get(i).path("error").textValue()).startsWith("line " + (i + 1) + ": ");
        }
        assertThat(answers.get(0).path("error").textValue()).contains("50257");
        assertThat(answers.get(5).path("text").textValue()).isEqualTo("Hello world");
    }

    private static void write(ByteArrayOutputStream to, String text) throws IOException {
        to.write(text.getBytes(StandardCharsets.UTF_8));
    }
}
