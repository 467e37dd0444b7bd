package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The file of requests with every field keeps its promise. */
class EveryFieldRequestsTest {

    private static final String WRITE = "every.field.write";
    private static final int FEWEST = 3;

    /** Defaults that are not values of JSON. */
    private static final Map<String, String> DEFAULTS = Map.of(
            "best_of", "1",
            "truncate_prompt", "\"error\"",
            "allow_special_tokens", "false",
            "repetition_detection", "{\"max_pattern_size\":0}",
            "response_format", "{\"type\":\"text\"}");

    @Test
    void theFileIsTheGenerators() throws Exception {
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(
                    Path.of("src/test/resources" + EveryFieldRequests.FILE),
                    String.join("\n", EveryFieldRequests.generate()) + "\n");
        }
        assertThat(EveryFieldRequests.lines())
                .as("the lines of the file; write it anew with -D" + WRITE + "=true")
                .isEqualTo(EveryFieldRequests.generate())
                .hasSize(EveryFieldRequests.COUNT);
    }

    @Test
    void eachFieldHasAnotherValueThanItsDefaultInSeveralRequests() {
        assertThat(RequestFields.supported()).allSatisfy(field -> {
            List<JsonNode> values = EveryFieldRequests.lines().stream()
                    .map(EveryFieldRequestsTest::fields)
                    .map(fields -> fields.path(field.name()))
                    .filter(value -> !value.isMissingNode() && !isDefault(field, value))
                    .toList();
            assertThat(values).as(field.name()).hasSizeGreaterThanOrEqualTo(FEWEST);
        });
    }

    private static boolean isDefault(RequestField field, JsonNode value) {
        String text = field.defaultJson().orElse(DEFAULTS.get(field.name()));
        if (text == null) {
            return false;
        }
        JsonNode ofField = json(text);
        return value.isNumber() && ofField.isNumber()
                ? value.decimalValue().compareTo(ofField.decimalValue()) == 0
                : value.equals(ofField);
    }

    /** Returns all fields of a request, those of an envelope too. */
    private static JsonNode fields(String line) {
        ObjectNode request = (ObjectNode) json(line);
        JsonNode body = request.remove("body");
        return body == null ? request : request.setAll((ObjectNode) body);
    }

    private static JsonNode json(String text) {
        return Requests.json(text.getBytes(UTF_8));
    }

    @Test
    void allAreValidAndHaveAnIdentityOfTheirOwn() throws Exception {
        RequestParser parser = Requests.parser(
                Tokenizer.gpt2(),
                Gpt2Config.published(12, 12, 768),
                EveryFieldRequests.MAX_CONTEXT,
                Set.of(EveryFieldRequests.MODEL));
        Set<String> ids = new HashSet<>();
        for (String line : EveryFieldRequests.lines()) {
            assertThat(ids.add(parser.parse(Requests.record(line), Requests.NOW).customId))
                    .as(line)
                    .isTrue();
        }
    }
}
