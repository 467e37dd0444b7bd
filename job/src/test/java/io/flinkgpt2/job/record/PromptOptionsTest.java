package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.NOW;
import static io.flinkgpt2.job.record.Requests.errorOf;
import static io.flinkgpt2.job.record.Requests.parser;
import static io.flinkgpt2.job.record.Requests.record;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code truncate_prompt} and {@code allow_special_tokens}, with a max-context of 16. */
class PromptOptionsTest {

    private static final int MAX_CONTEXT = 16;

    private static PromptRequest parse(String json) throws InvalidRequestException {
        return parser(UnknownFields.REJECT, MAX_CONTEXT).parse(record(json), NOW);
    }

    /** A prompt of token ids 0, 1, 2, ... */
    private static String counted(int length, String fields) {
        String ids = IntStream.range(0, length).mapToObj(String::valueOf).collect(Collectors.joining(","));
        return "{\"prompt\":[" + ids + "]," + fields + "}";
    }

    /** Length, max_tokens, what is kept. */
    @ParameterizedTest
    @CsvSource({
        "14, 1, 14",
        "15, 1, 15",
        "16, 1, 15",
        "17, 1, 15",
        "15, 4, 15",
        "16, 4, 12",
        "15, 0, 15",
        "16, 0, 16",
        "17, 0, 16",
        "40, 15, 1",
        "40, 16, 1",
        "40, 17, 1",
        "40, 2147483647, 1",
        "15, 2147483647, 15",
    })
    void rule1_3_aPromptThatDoesNotFitIsCutOnTheSideThatTheRequestNames(int length, int maxTokens, int kept)
            throws InvalidRequestException {
        String maxTokensField = "\"max_tokens\":" + maxTokens;
        PromptRequest left = parse(counted(length, maxTokensField + ",\"truncate_prompt\":\"left\""));
        PromptRequest right = parse(counted(length, "\"truncate_prompt\":\"right\"," + maxTokensField));

        assertThat(left.prompts[0])
                .isEqualTo(IntStream.range(length - kept, length).toArray());
        assertThat(right.prompts[0]).isEqualTo(IntStream.range(0, kept).toArray());
        for (PromptRequest request : new PromptRequest[] {left, right}) {
            assertThat(request.parameters.maxTokens()).isEqualTo(maxTokens);
            assertThat(request.droppedTokens[0]).isEqualTo(length - kept);
            assertThat(request.truncatedSide).isEqualTo(length == kept ? null : request == left ? "left" : "right");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"user\":\"u\"", "\"truncate_prompt\":null", "\"truncate_prompt\":\"error\""})
    void rule1_3_aPromptThatDoesNotFitIsRefusedUnlessItMayBeCut(String field) throws InvalidRequestException {
        RequestParser parser = parser(UnknownFields.REJECT, MAX_CONTEXT);
        assertThat(parse(counted(15, field)).prompts[0]).hasSize(15);

        RecordError error = errorOf(parser, record(counted(16, field)));

        assertThat(error.code).isEqualTo("context_length_exceeded");
        assertThat(error.param).isEqualTo("prompt");
        assertThat(error.message)
                .contains("the prompt has 16 tokens, expected at most 15 with a max-context of 16")
                .contains("truncate_prompt to 'left' or 'right'");
    }

    @ParameterizedTest
    @ValueSource(strings = {"left", "right"})
    void aTextIsCutBetweenTokensWhateverItsLength(String side) throws InvalidRequestException {
        for (int words : new int[] {16, 60, 3_000, 200_000}) {
            String text =
                    IntStream.range(0, words).mapToObj(i -> "word " + i % 997).collect(Collectors.joining(" "));
            int[] ids = Tokenizer.gpt2().encode(text);

            PromptRequest request =
                    parse("{\"prompt\":\"" + text + "\",\"max_tokens\":6,\"truncate_prompt\":\"" + side + "\"}");

            assertThat(request.prompts[0])
                    .isEqualTo(
                            side.equals("left")
                                    ? Arrays.copyOfRange(ids, ids.length - 10, ids.length)
                                    : Arrays.copyOf(ids, 10));
            assertThat(request.droppedTokens[0]).isEqualTo(ids.length - 10);
        }
    }

    @Test
    void aHugePromptWithoutAnyBorderIsRefusedAndNothingElse() {
        RecordError error = errorOf(
                parser(UnknownFields.REJECT, MAX_CONTEXT),
                record("{\"prompt\":\"" + "é".repeat(10 << 20) + "\",\"truncate_prompt\":\"left\"}"));

        assertThat(error.code).isEqualTo("invalid_value");
        assertThat(error.param).isEqualTo("prompt");
        assertThat(error.message).contains("10485760 characters in one piece", "at most 65536");
    }

    @Test
    void aContextOfOneTokenHasNoRoomHoweverThePromptIsCut() {
        RecordError error =
                errorOf(parser(UnknownFields.REJECT, 1), record("{\"prompt\":\"a b c\",\"truncate_prompt\":\"left\"}"));

        assertThat(error.code).isEqualTo("context_length_exceeded");
        assertThat(error.message).contains("at most 0").doesNotContain("truncate_prompt");
    }

    @Test
    void anIdOutsideOfTheVocabularyIsRefusedThoughItWouldBeDropped() {
        RecordError error = errorOf(
                parser(UnknownFields.REJECT, MAX_CONTEXT), record(counted(50_300, "\"truncate_prompt\":\"right\"")));

        assertThat(error.code).isEqualTo("invalid_value");
        assertThat(error.message).contains("token id at index 50257: found 50257, expected 0..50256");
    }

    @Test
    void anEmptyPromptIsNeverCut() throws InvalidRequestException {
        PromptRequest request = parse("{\"prompt\":\"\",\"truncate_prompt\":\"left\",\"max_tokens\":1000}");

        assertThat(request.prompts[0]).containsExactly(50256);
        assertThat(request.droppedTokens[0]).isZero();
        assertThat(request.truncatedSide).isNull();
    }

    @Test
    void rule2_2_textThatSpellsASpecialTokenIsThatTokenOnlyWhereTheRequestAllowsIt() throws InvalidRequestException {
        String prompt = "{\"prompt\":\"a<|endoftext|> b\"";

        assertThat(parse(prompt + ",\"allow_special_tokens\":true}").prompts[0]).containsExactly(64, 50256, 275);
        int[] ordinary = Tokenizer.gpt2().encode("a<|endoftext|> b");
        assertThat(parse(prompt + ",\"allow_special_tokens\":false}").prompts[0])
                .isEqualTo(ordinary);
        assertThat(parse(prompt + "}").prompts[0]).isEqualTo(ordinary).doesNotContain(50256);
    }

    @Test
    void rule2_2_specialTokensCountAsOneWhereAPromptIsCut() throws InvalidRequestException {
        String prompt = "\"prompt\":\"" + "<|endoftext|>".repeat(1_000) + " end\"";

        PromptRequest request =
                parse("{" + prompt + ",\"allow_special_tokens\":true,\"truncate_prompt\":\"left\",\"max_tokens\":13}");

        assertThat(request.prompts[0]).containsExactly(50256, 50256, 886);
        assertThat(request.droppedTokens[0]).isEqualTo(998);
    }

    @Test
    void whatAJobChoosesHoldsForRequestsThatDoNotSay() throws InvalidRequestException {
        RequestParser parser = Requests.parser(
                MAX_CONTEXT, UnknownFields.REJECT, new RequestDefaults(PromptTruncation.LEFT, true, Map.of()));

        PromptRequest request = parser.parse(record("{\"prompt\":\"<|endoftext|> b\"}"), NOW);
        assertThat(request.prompts[0]).containsExactly(50256, 275);
        assertThat(parser.parse(record("{\"prompt\":\"<|endoftext|>\",\"allow_special_tokens\":false}"), NOW)
                        .prompts[0])
                .hasSizeGreaterThan(1);
        assertThat(parser.parse(record(counted(20, "\"max_tokens\":2")), NOW).prompts[0])
                .startsWith(6)
                .hasSize(14);
        assertThat(parser.parse(record(counted(20, "\"max_tokens\":2,\"truncate_prompt\":\"right\"")), NOW).prompts[0])
                .startsWith(0)
                .hasSize(14);
        assertThat(errorOf(parser, record(counted(20, "\"truncate_prompt\":\"error\""))).code)
                .isEqualTo("context_length_exceeded");
    }
}
