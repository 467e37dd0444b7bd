package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.record;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import io.flinkgpt2.job.record.FieldCases.Case;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The schemas of the records and the code that reads and writes them agree. */
class RecordSchemasTest {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final JsonSchemaFactory SCHEMAS = JsonSchemaFactory.getInstance(VersionFlag.V202012);
    private static final JsonSchema REQUEST = SCHEMAS.getSchema(RecordSchemas.request());
    private static final JsonSchema COMPLETION = SCHEMAS.getSchema(RecordSchemas.completion());
    private static final JsonSchema DEAD_LETTER = SCHEMAS.getSchema(RecordSchemas.deadLetter());

    /** Codes of what depends on the model, its context or what a constraint compiles to. */
    private static final Set<String> BEYOND_A_SCHEMA = Set.of("model_not_found", "context_length_exceeded");

    private static Set<ValidationMessage> faults(JsonSchema schema, String json) {
        try {
            return schema.validate(JSON.readTree(json));
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + json, e);
        }
    }

    static Stream<Case> taken() {
        return FieldCases.all().stream().filter(Case::isTaken);
    }

    static Stream<Case> ofAnotherType() {
        return FieldCases.all().stream().filter(row -> row.expected().startsWith("invalid_type"));
    }

    @ParameterizedTest
    @MethodSource("taken")
    void whatTheParserTakesTheSchemaAllows(Case row) {
        assertThat(faults(REQUEST, row.json())).isEmpty();
        assertThat(faults(REQUEST, "{\"custom_id\":null,\"method\":\"POST\",\"body\":" + row.json() + "}"))
                .isEmpty();
    }

    @ParameterizedTest
    @MethodSource("ofAnotherType")
    void whatIsOfAnotherTypeTheSchemaRefuses(Case row) {
        assertThat(faults(REQUEST, row.json())).isNotEmpty();
    }

    @Test
    void rangesOfNumbersAreInTheSchema() {
        for (Case row : FieldCases.all()) {
            boolean plainNumber = row.value().matches("-?[0-9.]+(e[0-9]{1,2})?");
            if (!row.isTaken() && plainNumber && row.others().isEmpty() && !BEYOND_A_SCHEMA.contains(row.expected())) {
                boolean contradiction =
                        row.field().equals("min_tokens") && row.value().equals("17");
                assertThat(faults(REQUEST, row.json()).isEmpty())
                        .as(row.toString())
                        .isEqualTo(contradiction);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "{\"prompt\":null}",
                "{\"prompt\":\"Hi\",\"bogus\":1}",
                "{\"prompt\":\"Hi\",\"stream\":true}",
                "{\"prompt\":\"Hi\",\"suffix\":\" end\"}",
                "{\"prompt\":\"Hi\",\"service_tier\":\"flex\"}",
                "{\"prompt\":\"Hi\",\"stream_options\":{\"include_usage\":true}}",
                "{\"body\":{\"prompt\":\"Hi\"},\"url\":\"/v1/chat/completions\"}",
                "{\"body\":{}}"
            })
    void whatTheParserRefusesTheSchemaRefuses(String json) {
        assertThat(faults(REQUEST, json)).isNotEmpty();
        assertThat(Requests.errorOf(json)).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bom.jsonl", "client-defaults.jsonl", "integral-floats.jsonl"})
    void whatClientsSendIsTakenAndFollowsTheSchema(String file) throws Exception {
        RequestParser parser = Requests.parser(
                Tokenizer.gpt2(), Gpt2Config.published(12, 12, 768), 128, Set.of(RequestParser.ANY_MODEL));
        try (InputStream in = RecordSchemasTest.class.getResourceAsStream("/records/" + file)) {
            List<String> lines = new String(in.readAllBytes(), UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            assertThat(lines).hasSizeGreaterThan(1);
            for (String line : lines) {
                assertThat(parser.parse(record(line), 0).prompts).isNotEmpty();
                assertThat(faults(REQUEST, line.replace("\ufeff", ""))).as(line).isEmpty();
            }
        }
    }

    @Test
    void everyFieldIsInTheSchemaWithItsMeaningAndItsDefault() throws IOException {
        JsonNode properties = JSON.readTree(RecordSchemas.request()).at("/$defs/body/properties");

        assertThat(properties.size()).isEqualTo(RequestFields.all().size());
        RequestFields.all().forEach((name, field) -> {
            assertThat(properties.at("/" + name + "/description").textValue()).contains(field.meaning());
        });
        assertThat(properties.at("/max_tokens/default").intValue()).isEqualTo(16);
        assertThat(properties.at("/skip_special_tokens/default").booleanValue()).isTrue();
        assertThat(properties.at("/stop/default").isArray()).isTrue();
        assertThat(properties.at("/cache_salt/default").textValue()).isEmpty();
        assertThat(properties.at("/seed").has("default")).isFalse();
    }

    @Test
    void anAnswerWithEverythingFollowsTheSchema() throws IOException {
        CompletionRecord record = CompletionJsonTest.completion();
        record.id = "cmpl-0123456789abcdef01234567";
        record.sessionId = "\"s\"";
        CompletionChoice choice = record.choices.get(0);
        choice.logprobs = "{\"tokens\":[\"a\"],\"token_logprobs\":[null],\"top_logprobs\":[null],\"text_offset\":[0]}";
        choice.cumulativeLogprob = -1.5;
        choice.promptLogprobs = "[null,{\"5\":{\"logprob\":-1.0,\"rank\":1,\"decoded_token\":\"a\"}}]";
        choice.promptTokenIds = new int[] {5};
        choice.promptTokensDropped = 1;
        choice.truncatedSide = "left";
        record.choices.get(1).stopTokenId = 50256;
        assertThat(faults(COMPLETION, new String(CompletionJson.write(record), UTF_8)))
                .isEmpty();

        record.envelope = true;
        assertThat(faults(COMPLETION, new String(CompletionJson.write(record), UTF_8)))
                .isEmpty();

        record.error = new RecordError("m", "server_error", null, "generation_failed");
        record.choices = List.of();
        assertThat(faults(COMPLETION, new String(CompletionJson.write(record), UTF_8)))
                .isEmpty();
        assertThat(faults(COMPLETION, "{\"id\":\"cmpl-\"}")).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1 << 20, 5})
    void aDeadLetterFollowsTheSchema(int maxValueBytes) {
        PromptRecord record = record(new byte[] {1, 2}, "{\"promt\":\"Hi\"}");
        DeadLetter letter = new DeadLetter(record, Requests.errorOf(record), "job", Requests.NOW);

        String written =
                new String(DeadLetterJson.write(letter, maxValueBytes, 1 << 20).value(), UTF_8);

        assertThat(faults(DEAD_LETTER, written)).isEmpty();
        assertThat(faults(DEAD_LETTER, "{}")).isNotEmpty();
    }

    @Test
    void theSchemaOfDeadLettersHasEachCode() throws IOException {
        List<String> codes = new ArrayList<>();
        JSON.readTree(RecordSchemas.deadLetter())
                .at("/properties/error/properties/code/enum")
                .forEach(code -> codes.add(code.textValue()));

        assertThat(codes).containsExactlyElementsOf(InvalidRequestException.CODES);
    }
}
