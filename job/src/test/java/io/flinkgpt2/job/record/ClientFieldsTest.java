package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.errorOf;
import static io.flinkgpt2.job.record.Requests.parse;
import static io.flinkgpt2.job.record.Requests.parser;
import static io.flinkgpt2.job.record.Requests.record;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every field of the format that is not supported: what changes nothing is taken, all else is refused by name. */
class ClientFieldsTest {
    /** Field; values that change nothing, between bars; values that are refused. */
    private static final String[][] FIELDS = {
        {"guided_grammar", "", "\"g\""},
        {"guided_whitespace_pattern", "", "\" \""},
        {"guided_decoding_backend", "", "\"outlines\""},
        {"suffix", "\"\"", "\" end\" | 5 | [\"\"]"},
        {"stream", "false", "true | 0 | \"false\""},
        {
            "stream_options",
            "{} | {\"include_usage\":false} | {\"include_usage\":null,\"continuous_usage_stats\":false}",
            "{\"include_usage\":true} | true"
        },
        {"stream_interval", "1 | 1.0", "2"},
        {"add_special_tokens", "true", "false"},
        {"spaces_between_special_tokens", "true", "false"},
        {"store", "false", "true"},
        {"service_tier", "\"auto\" | \"default\"", "\"flex\" | \"priority\" | \"\""},
        {"watermarking", "false", "true | {}"},
        {"return_token_offsets", "false", "true"},
        {"vllm_xargs", "{} | {\"a\":null}", "{\"a\":1}"},
        {"kv_transfer_params", "{}", "{\"do_remote_decode\":true}"},
        {"prompt_embeds", "[]", "\"AAAA\" | [[0.1]]"},
        {"thinking_token_budget", "", "0 | 100"}
    };

    /** Field and value. */
    static Stream<Arguments> neutral() {
        return values(1);
    }

    static Stream<Arguments> notNeutral() {
        return values(2);
    }

    private static Stream<Arguments> values(int column) {
        List<Arguments> arguments = new ArrayList<>();
        for (String[] field : FIELDS) {
            if (column == 1) {
                arguments.add(Arguments.of(field[0], "null"));
            }
            for (String value : field[column].split(" \\| ")) {
                if (!value.isBlank()) {
                    arguments.add(Arguments.of(field[0], value.strip()));
                }
            }
        }
        return arguments.stream();
    }

    private static Set<String> supported() {
        return RequestFields.supported().stream().map(RequestField::name).collect(Collectors.toSet());
    }

    private static Set<String> unsupported() {
        return RequestFields.all().values().stream()
                .filter(field -> !field.isSupported())
                .map(RequestField::name)
                .collect(Collectors.toSet());
    }

    @Test
    void everyFieldOfTheTableIsHereWithAValueThatIsRefused() {
        Map<String, String> refused = new TreeMap<>();
        for (String[] field : FIELDS) {
            assertThat(refused.put(field[0], field[2])).isNull();
        }
        assertThat(refused.keySet()).isEqualTo(unsupported());
        assertThat(refused.values()).allSatisfy(values -> assertThat(values).isNotBlank());
    }

    @Test
    void everySupportedFieldIsKnown() {
        assertThat(supported()).doesNotContainAnyElementsOf(unsupported());
        assertThat(supported())
                .allSatisfy(name ->
                        assertThat(errorOf("{\"" + name + "\":[[[]]]}").code).isEqualTo("invalid_type"));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("neutral")
    void aValueThatChangesNothingIsTaken(String field, String value) throws InvalidRequestException {
        for (String form :
                List.of("{%s,\"prompt\":[17250]}", "{\"prompt\":[17250],%s}", "{\"body\":{%s,\"prompt\":[17250]}}")) {
            PromptRequest with = parse(String.format(form, "\"" + field + "\":" + value));

            assertThat(with)
                    .usingRecursiveComparison()
                    .ignoringFields("record.value", "envelope")
                    .isEqualTo(parse("{\"prompt\":[17250]}"));
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("notNeutral")
    void anyOtherValueIsRefusedByNameWithTheReasonAndTheWayOut(String field, String value) {
        RecordError error = errorOf("{\"prompt\":[1],\"" + field + "\":" + value + "}");

        assertThat(error.code).isEqualTo("unsupported_field");
        assertThat(error.param).isEqualTo(field);
        assertThat(error.message)
                .startsWith(field + ": found ")
                .contains(", which is not supported", "; leave the field out, or give what changes nothing: ");
        // Unknown fields may be ignored; this one is known.
        assertThat(errorOf(parser(UnknownFields.IGNORE), record("{\"prompt\":[1],\"" + field + "\":" + value + "}"))
                        .code)
                .isEqualTo("unsupported_field");
    }

    @Test
    void allFieldsTogetherAtTheirDefaultsAreTaken() throws InvalidRequestException {
        StringBuilder body = new StringBuilder("{\"custom_id\":\"a\",\"prompt\":\"Hi\"");
        for (String[] field : FIELDS) {
            String value = field[1].split(" \\| ")[0].strip();
            body.append(",\"").append(field[0]).append("\":").append(value.isEmpty() ? "null" : value);
        }

        assertThat(parse(body + "}"))
                .usingRecursiveComparison()
                .ignoringFields("record.value", "envelope")
                .isEqualTo(parse("{\"custom_id\":\"a\",\"prompt\":\"Hi\"}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bogus", "custom_id", "method", "url"})
    void nullIsAbsentInTheEnvelopeToo(String field) throws InvalidRequestException {
        assertThat(parse("{\"" + field + "\":null,\"body\":{\"prompt\":\"Hi\",\"" + field + "\":null}}"))
                .usingRecursiveComparison()
                .ignoringFields("record.value", "envelope")
                .isEqualTo(parse("{\"prompt\":\"Hi\"}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"Hello world\"|[\"Hello world\"]",
                "\"\"|[\"\"]",
                "[15496,995]|[[15496,995]]",
                "[15496,995]|[ [ 15496.0 , 9.95e2 ] ]",
                "[15496,995]|[154960e-1,995.000]",
                "[]|[[]]"
            })
    void aListOfOnePromptIsThatPrompt(String pair) throws InvalidRequestException {
        String[] prompts = pair.split("\\|");
        String rest = ",\"max_tokens\":3,\"seed\":5}";

        assertThat(parse("{\"prompt\":" + prompts[1] + rest))
                .usingRecursiveComparison()
                .ignoringFields("record.value", "envelope")
                .isEqualTo(parse("{\"prompt\":" + prompts[0] + rest));
    }

    @Test
    void integersMayBeWrittenAsFloats() throws InvalidRequestException {
        PromptRequest request =
                parse("{\"prompt\":[1.0],\"max_tokens\":1.6e1,\"top_k\":40.0,\"seed\":9007199254740993.0}");

        assertThat(request.prompts[0]).containsExactly(1);
        assertThat(request.parameters.maxTokens()).isEqualTo(16);
        assertThat(request.parameters.sampling().topK()).isEqualTo(40);
        assertThat(request.parameters.seed()).isEqualTo(9007199254740993L);
        assertThat(parse("{\"prompt\":[1],\"top_k\":-1.0,\"seed\":-9.223372036854775808e18}")
                        .parameters
                        .seed())
                .isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void aByteOrderMarkIsPassedOver() throws InvalidRequestException {
        assertThat(parse("\ufeff{\"prompt\":\"Hi \ufeff\"}").prompts[0])
                .isEqualTo(Tokenizer.gpt2().encode("Hi \ufeff"));
        assertThat(parse("\ufeff \n{\"custom_id\":\"b\",\"body\":{\"prompt\":\"Hi\"}}").customId)
                .isEqualTo("b");
    }

    @Test
    void theRequestIdIsTheIdentityWhereThereIsNoCustomId() throws InvalidRequestException {
        byte[] key = {'k'};

        assertThat(parser().parse(record(key, "{\"request_id\":\"r\",\"prompt\":[1]}"), 0).customId)
                .isEqualTo("r");
        assertThat(parse("{\"request_id\":\"r\",\"custom_id\":\"c\",\"prompt\":[1]}").customId)
                .isEqualTo("c");
        assertThat(parse("{\"custom_id\":\"c\",\"body\":{\"request_id\":\"r\",\"prompt\":[1]}}").customId)
                .isEqualTo("c");
        assertThat(parse("{\"body\":{\"request_id\":\"r\",\"prompt\":[1]}}").customId)
                .isEqualTo("r");
        assertThat(errorOf("{\"request_id\":\"\",\"prompt\":[1]}").message)
                .startsWith("request_id: found 0 characters");
    }

    @Test
    void everyModelNameIsTakenWhereOneOfTheNamesIsAStar() throws InvalidRequestException {
        RequestParser any = Requests.parser(
                Tokenizer.gpt2(), Gpt2Config.published(12, 12, 768), 128, Set.of("gpt2", RequestParser.ANY_MODEL));

        for (String model : List.of("gpt2", "gpt-3.5-turbo-instruct", "*", "")) {
            assertThat(any.parse(record("{\"prompt\":\"Hi\",\"model\":\"" + model + "\"}"), 0).prompts[0])
                    .containsExactly(17250);
        }
        assertThat(errorOf(any, record("{\"prompt\":\"Hi\",\"model\":5}")).code).isEqualTo("invalid_type");
        assertThat(errorOf("{\"prompt\":\"Hi\",\"model\":\"*\"}").code).isEqualTo("model_not_found");
    }
}
