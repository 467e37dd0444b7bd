package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.errorOf;
import static io.flinkgpt2.job.record.Requests.parse;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values of fields that no client means: huge, deep, and many. */
class HostileFieldsTest {

    private static String listOf(String element, int count) {
        return "[" + (element + ",").repeat(count - 1) + element + "]";
    }

    @Test
    void manyPromptsAreRefusedBeforeAnyIsEncoded() {
        String long1k = "word ".repeat(200);
        for (String prompts : new String[] {
            listOf("\"" + long1k + "\"", 10_000), listOf("[1]", 1_000_000), listOf("[]", 129), listOf("\"\"", 129)
        }) {
            RecordError error = errorOf("{\"prompt\":" + prompts + "}");

            assertThat(error.code).isEqualTo("invalid_value");
            assertThat(error.param).isEqualTo("prompt");
            assertThat(error.message).contains("found more than 128 prompts, expected at most 128");
        }
    }

    @ParameterizedTest
    @CsvSource({"128, 1, ''", "64, 2, ''", "1, 128, ''", "129, 1, prompt", "65, 2, prompt", "2, 65, n", "128, 2, prompt"
    })
    void promptsTimesChoicesIsAtMost128(int prompts, int choices, String param) throws InvalidRequestException {
        String json = "{\"prompt\":" + listOf("[1]", prompts) + ",\"n\":" + choices + ",\"max_tokens\":1}";
        if (param.isEmpty()) {
            assertThat(parse(json).prompts).hasDimensions(prompts, 1);
        } else {
            assertThat(errorOf(json).param).isEqualTo(param);
            assertThat(errorOf(json).code).isEqualTo("invalid_value");
        }
    }

    @Test
    void oneOfManyPromptsIsNamedByItsIndex() {
        RecordError error = errorOf("{\"prompt\":[[1]," + listOf("1", 200) + "]}");

        assertThat(error.code).isEqualTo("context_length_exceeded");
        assertThat(error.message).startsWith("prompt: at index 1: the prompt has 200 tokens, expected at most 127");
        assertThat(errorOf("{\"prompt\":[[1],[1,50257]]}").message)
                .startsWith("prompt: at index 1: token id at index 1: found 50257, expected 0..50256");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stop_token_ids", "allowed_token_ids"})
    void idsAreASetHoweverOftenTheyAreGiven(String field) throws InvalidRequestException {
        PromptRequest request = parse("{\"prompt\":[1],\"" + field + "\":" + listOf("7,8", 1_000_000) + "}");

        int[] ids = field.startsWith("stop")
                ? request.parameters.stop().tokenIds()
                : request.parameters.logits().allowedTokenIds();
        assertThat(ids).containsExactly(7, 8);
    }

    @Test
    void allIdsOfTheVocabularyMayBeNamed() throws InvalidRequestException {
        String ids = IntStream.range(0, 50257).mapToObj(String::valueOf).collect(Collectors.joining(",", "[", "]"));
        String biases = IntStream.range(0, 50257)
                .mapToObj(id -> "\"" + id + "\":-1")
                .collect(Collectors.joining(",", "{", "}"));

        PromptRequest request =
                parse("{\"prompt\":[1],\"allowed_token_ids\":" + ids + ",\"logit_bias\":" + biases + "}");

        assertThat(request.parameters.logits().allowedTokenIds()).hasSize(50257);
        assertThat(request.parameters.logits().biasIds()).hasSize(50257);
    }

    @Test
    void listsOfTextsHaveAnEnd() {
        assertThat(errorOf("{\"prompt\":[1],\"bad_words\":" + listOf("\"a\"", 1_000_000) + "}").message)
                .isEqualTo("bad_words: found more than 4096 strings, expected at most that many");
        assertThat(errorOf("{\"prompt\":[1],\"guided_choice\":" + listOf("\"a\"", 1_000_000) + "}").message)
                .contains("found more than 65536 strings");
        assertThat(errorOf("{\"prompt\":[1],\"stop\":" + listOf("\"a\"", 1_000_000) + "}").message)
                .contains("found more than 16 strings");
        assertThat(errorOf("{\"prompt\":[1],\"logprobs\":1,\"logprob_token_ids\":["
                                + IntStream.range(0, 129)
                                        .mapToObj(String::valueOf)
                                        .collect(Collectors.joining(",")) + "]}")
                        .message)
                .contains("found more than 128 token ids");
    }

    @Test
    void deepSchemasAreCopiedAndNotWalked() throws InvalidRequestException {
        String deep = "{\"not\":".repeat(900) + "{}" + "}".repeat(900);

        assertThat(parse("{\"prompt\":[1],\"guided_json\":" + deep + "}")
                        .parameters
                        .constraint()
                        .texts())
                .containsExactly(deep);
        assertThat(errorOf("{\"prompt\":[1],\"structured_outputs\":" + "{\"json\":".repeat(200_000)).code)
                .isEqualTo("invalid_json");
        assertThat(errorOf("{\"prompt\":[1],\"stop\":" + "[".repeat(900) + "]".repeat(900) + "}").code)
                .isEqualTo("invalid_type");
    }

    @Test
    void unknownMembersArePassedOverWhereTheyAreIgnored() throws InvalidRequestException {
        PromptRequest request = Requests.parser(UnknownFields.IGNORE)
                .parse(
                        Requests.record(
                                "{\"prompt\":[1],\"structured_outputs\":{\"x\":{\"regex\":[1]},\"regex\":\"a\"},"
                                        + "\"repetition_detection\":{\"y\":[[]],\"max_pattern_size\":3}}"),
                        0);

        assertThat(request.parameters.constraint().texts()).containsExactly("a");
        assertThat(request.parameters.stop().repetition().maxPatternSize()).isEqualTo(3);
    }

    @Test
    void messagesRepeatLittleOfALongValue() {
        String huge = "y".repeat(49_000);
        for (String field : new String[] {
            "\"truncate_prompt\":\"" + huge + "\"",
            "\"logit_bias\":{\"" + huge + "\":1}",
            "\"response_format\":{\"type\":\"" + huge + "\"}",
            "\"structured_outputs\":{\"" + huge + "\":1}",
            "\"stop\":[{\"" + huge + "\":1}]",
            "\"n\":" + "9".repeat(900)
        }) {
            RecordError error = errorOf("{\"prompt\":\"Hi\"," + field + "}");

            assertThat(error.message).hasSizeLessThan(700);
            assertThat(error.param).hasSizeLessThan(140);
        }
    }
}
