package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.NOW;
import static io.flinkgpt2.job.record.Requests.parse;
import static io.flinkgpt2.job.record.Requests.parser;
import static io.flinkgpt2.job.record.Requests.record;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestParserTest {

    @Test
    void fieldsThatAreLeftOutHaveTheirDefaults() throws InvalidRequestException {
        PromptRecord record = record("{\"prompt\":\"Hello world\"}");

        PromptRequest request = parser().parse(record, NOW);

        assertThat(request.prompts[0]).containsExactly(15496, 995);
        assertThat(request.droppedTokens[0]).isZero();
        assertThat(request.truncatedSide).isNull();
        assertThat(request.parameters.maxTokens()).isEqualTo(16);
        assertThat(request.parameters.sampling().temperature()).isEqualTo(1.0);
        assertThat(request.parameters.sampling().topK()).isZero();
        assertThat(request.parameters.sampling().topP()).isEqualTo(1.0);
        assertThat(request.customId).isEqualTo("prompts-3-42");
        assertThat(request.parameters.seed()).isEqualTo(GenerationParameters.seedOf("prompts-3-42"));
        assertThat(request.metadata).isNull();
        assertThat(request.user).isNull();
        assertThat(request.receivedAt).isEqualTo(NOW);
        assertThat(request.record.source).isSameAs(record.source);
        assertThat(request.record.key).isNull();
        assertThat(request.record.headers).isNull();
    }

    @Test
    void everySupportedFieldIsRead() throws InvalidRequestException {
        PromptRecord record = record("k".getBytes(UTF_8), """
                {"custom_id": "r-1", "model": "small", "prompt": "Hello world", "max_tokens": 7, "temperature": 0.25,
                 "top_k": 40, "top_p": 0.9, "seed": -9223372036854775808, "metadata": {"b": 1, "a": [null, true]},
                 "user": "al\\"ice"}""");
        record.headers = Requests.headers("trace", "1");

        PromptRequest request = parser().parse(record, NOW);

        assertThat(request.customId).isEqualTo("r-1");
        assertThat(request.prompts[0]).containsExactly(15496, 995);
        assertThat(request.parameters.maxTokens()).isEqualTo(7);
        assertThat(request.parameters.sampling().temperature()).isEqualTo(0.25);
        assertThat(request.parameters.sampling().topK()).isEqualTo(40);
        assertThat(request.parameters.sampling().topP()).isEqualTo(0.9);
        assertThat(request.parameters.seed()).isEqualTo(Long.MIN_VALUE);
        assertThat(request.metadata).isEqualTo("{\"b\":1,\"a\":[null,true]}");
        assertThat(request.user).isEqualTo("\"al\\\"ice\"");
        assertThat(request.record.key).isSameAs(record.key);
        assertThat(request.record.headers).isSameAs(record.headers);
    }

    @Test
    void aPromptOfTokenIdsIsTakenAsItIs() throws InvalidRequestException {
        assertThat(parse("{\"prompt\":[15496, 995, 0, 50256]}").prompts[0]).containsExactly(15496, 995, 0, 50256);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\"", "[]"})
    void rule2_4_anEmptyPromptIsEndOfText(String prompt) throws InvalidRequestException {
        assertThat(parse("{\"prompt\":" + prompt + "}").prompts[0]).containsExactly(50256);
    }

    @Test
    void rule2_2_textThatSpellsASpecialTokenIsOrdinary() throws InvalidRequestException {
        assertThat(parse("{\"prompt\":\"<|endoftext|>\"}").prompts[0]).doesNotContain(50256);
    }

    @Test
    void escapedPairsOfSurrogatesAreOneCharacter() throws InvalidRequestException {
        assertThat(parse("{\"prompt\":\"\\ud83d\\ude00\"}").prompts[0])
                .isEqualTo(parse("{\"prompt\":\"😀\"}").prompts[0])
                .isEqualTo(Tokenizer.gpt2().encode("😀"));
    }

    @Test
    void limitsOfTheRangesAreWithinThem() throws InvalidRequestException {
        PromptRequest least =
                parse("{\"prompt\":[1],\"max_tokens\":0,\"temperature\":0,\"top_k\":0,\"top_p\":1e-300,\"seed\":0}");
        PromptRequest most = parse("{\"prompt\":[1],\"max_tokens\":2147483647,\"temperature\":1e308,"
                + "\"top_k\":2147483647,\"top_p\":1.0,\"seed\":9223372036854775807}");

        assertThat(least.parameters.maxTokens()).isZero();
        assertThat(least.parameters.sampling().temperature()).isZero();
        assertThat(least.parameters.sampling().topP()).isEqualTo(1e-300);
        assertThat(least.parameters.seed()).isZero();
        assertThat(most.parameters.maxTokens()).isEqualTo(Integer.MAX_VALUE);
        assertThat(most.parameters.sampling().temperature()).isEqualTo(1e308);
        assertThat(most.parameters.sampling().topK()).isEqualTo(Integer.MAX_VALUE);
        assertThat(most.parameters.seed()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void minusOneTurnsTopKOffAndMinusZeroIsZero() throws InvalidRequestException {
        PromptRequest request = parse("{\"prompt\":[1],\"top_k\":-1,\"temperature\":-0.0,\"max_tokens\":-0}");

        assertThat(request.parameters.sampling().topK()).isZero();
        assertThat(Double.doubleToRawLongBits(request.parameters.sampling().temperature()))
                .isZero();
        assertThat(request.parameters.maxTokens()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "custom_id",
                "model",
                "max_tokens",
                "temperature",
                "top_k",
                "top_p",
                "seed",
                "metadata",
                "user",
                "truncate_prompt",
                "allow_special_tokens",
                "stop",
                "logprobs",
                "n",
                "body",
                "method"
            })
    void aFieldThatIsNullCountsAsAbsent(String field) throws InvalidRequestException {
        PromptRequest with = parse("{\"prompt\":\"Hi\",\"" + field + "\":null}");

        assertThat(with)
                .usingRecursiveComparison()
                .ignoringFields("record.value")
                .isEqualTo(parse("{\"prompt\":\"Hi\"}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"n\":1",
                "\"best_of\":1",
                "\"echo\":false",
                "\"stop\":[]",
                "\"stop_token_ids\":[ ]",
                "\"presence_penalty\":0",
                "\"frequency_penalty\":0.0",
                "\"repetition_penalty\":1",
                "\"length_penalty\":1e0",
                "\"min_p\":0",
                "\"typical_p\":1.0",
                "\"min_tokens\":0",
                "\"no_repeat_ngram_size\":0",
                "\"logit_bias\":{ }",
                "\"bad_words\":[]",
                "\"include_stop_str_in_output\":false",
                "\"ignore_eos\":false",
                "\"use_beam_search\":false",
                "\"return_token_ids\":false",
                "\"priority\":0"
            })
    void aFieldThatHoldsItsDefaultChangesNothing(String field) throws InvalidRequestException {
        PromptRequest with = parse("{" + field + ",\"prompt\":\"Hi\",\"max_tokens\":3}");

        assertThat(with)
                .usingRecursiveComparison()
                .ignoringFields("record.value")
                .isEqualTo(parse("{\"prompt\":\"Hi\",\"max_tokens\":3}"));
    }

    @Test
    void unknownFieldsArePassedOverWhereTheyAreIgnored() throws InvalidRequestException {
        RequestParser parser = parser(UnknownFields.IGNORE);
        String unknown = "\"bogus\":{\"prompt\":[[1]],\"n\":5},\"other\":[1,{\"x\":2}],";

        assertThat(parser.parse(record("{" + unknown + "\"prompt\":\"Hi\"}"), NOW).prompts[0])
                .containsExactly(17250);
        assertThat(parser.parse(record("{" + unknown + "\"body\":{" + unknown + "\"prompt\":\"Hi\"}}"), NOW).prompts[0])
                .containsExactly(17250);
    }

    @Test
    void anEnvelopeIsKnownByItsBodyWhereverThatStands() throws InvalidRequestException {
        for (String json : List.of(
                "{\"custom_id\":\"e\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{\"prompt\":\"Hi\"}}",
                "{\"body\":{\"prompt\":\"Hi\"},\"url\":\"/v1/completions\",\"custom_id\":\"e\",\"method\":\"POST\"}",
                "{\"custom_id\":\"e\",\"method\":null,\"body\":{\"prompt\":\"Hi\"}}",
                "{\"custom_id\":\"e\",\"body\":{\"prompt\":\"Hi\",\"custom_id\":\"e\"}}",
                "{\"custom_id\":null,\"body\":{\"prompt\":\"Hi\",\"custom_id\":\"e\"}}")) {
            PromptRequest request = parse(json);

            assertThat(request.customId).as(json).isEqualTo("e");
            assertThat(request.prompts[0]).as(json).containsExactly(17250);
        }
    }

    @Test
    void theKafkaKeyIsTheIdOfARequestWithoutOne() throws InvalidRequestException {
        String json = "{\"prompt\":\"Hi\"}";

        assertThat(idOf("schlüssel".getBytes(UTF_8), json)).isEqualTo("schlüssel");
        assertThat(idOf("key".getBytes(UTF_8), "{\"custom_id\":\"own\",\"prompt\":\"Hi\"}"))
                .isEqualTo("own");
        assertThat(idOf(new byte[0], json)).isEqualTo("prompts-3-42");
        assertThat(idOf(null, json)).isEqualTo("prompts-3-42");
        assertThat(idOf(new byte[] {'a', (byte) 0xFF}, json)).isEqualTo("prompts-3-42");
    }

    private static String idOf(byte[] key, String json) throws InvalidRequestException {
        PromptRequest request = parser().parse(record(key, json), NOW);
        assertThat(request.record.key).isSameAs(key);
        assertThat(request.parameters.seed()).isEqualTo(GenerationParameters.seedOf(request.customId));
        return request.customId;
    }

    @Test
    void anIdHasAtMost512Characters() throws InvalidRequestException {
        String longest = "😀".repeat(512);

        assertThat(parse("{\"custom_id\":\"" + longest + "\",\"prompt\":[1]}").customId)
                .isEqualTo(longest);
    }

    @Test
    void metadataIsCopiedAsItCame() throws InvalidRequestException {
        String metadata = "{ \"z\" : 12345678901234567890.123456789012345678900, \"a\":1E+400,\n\t\"m\":-0.0,"
                + " \"deep\":[[{}],[ ]], \"\":\"\\u0000\\n\\\"😀\\ud83d\\ude00\\/\", \"int\":100000000000000000000001 }";

        assertThat(parse("{\"prompt\":[1],\"metadata\":" + metadata + "}").metadata)
                .isEqualTo("{\"z\":12345678901234567890.123456789012345678900,\"a\":1E+400,\"m\":-0.0,"
                        + "\"deep\":[[{}],[]],\"\":\"\\u0000\\n\\\"😀😀/\",\"int\":100000000000000000000001}");
        assertThat(parse("{\"prompt\":[1],\"metadata\":{}}").metadata).isEqualTo("{}");
    }

    @Test
    void rule1_3_aPromptMayFillTheContextExceptForOneToken() throws InvalidRequestException {
        String ids = "1" + ",1".repeat(126);

        assertThat(parse("{\"prompt\":[" + ids + "]}").prompts[0]).hasSize(127);
        assertThat(parse("{\"prompt\":[" + ids + ",2],\"max_tokens\":0}").prompts[0])
                .hasSize(128)
                .endsWith(1, 2);
        assertThat(parse("{\"prompt\":[" + ids + "],\"max_tokens\":1000000}")
                        .parameters
                        .maxTokens())
                .isEqualTo(1_000_000);
    }

    @Test
    void aPromptOfTheLongestTokenFitsWhereOneTokenDoes() throws InvalidRequestException {
        Tokenizer gpt2 = Tokenizer.gpt2();
        int longest = 0;
        for (int id = 1; id < 50256; id++) {
            longest = gpt2.bytes(id).length > gpt2.bytes(longest).length ? id : longest;
        }
        String json = "{\"prompt\":" + RecordJson.quote(gpt2.decode(longest)) + "}";

        assertThat(parser(UnknownFields.REJECT, 2).parse(record(json), NOW).prompts[0])
                .containsExactly(longest);
    }

    private static RequestParser parserWith(Tokenizer tokenizer) {
        return Requests.parser(tokenizer, Gpt2Config.published(12, 12, 768), 128, Set.of());
    }

    @Test
    void rule2_1_aModelThatTakesTokenIdsOnlyRefusesTextWithTheReason() throws InvalidRequestException {
        RequestParser parser = parserWith(Tokenizer.tokenIdsOnly("its tokenizer is vocab.txt"));
        assertThat(parser.parse(record("{\"prompt\":[1,2]}"), NOW).prompts[0]).containsExactly(1, 2);
        for (String rest : List.of("", ",\"truncate_prompt\":\"left\"")) {
            for (String text : List.of("Hi", "x ".repeat(1_000_000))) {
                InvalidRequestException e = catchThrowableOfType(
                        InvalidRequestException.class,
                        () -> parser.parse(record("{\"prompt\":\"" + text + "\"" + rest + "}"), NOW));
                assertThat(e.error().param).isEqualTo("prompt");
                assertThat(e.error().message)
                        .isEqualTo(
                                "prompt: this model takes token ids only: its tokenizer is vocab.txt; give the prompt as"
                                        + " token ids");
            }
        }
    }

    @Test
    void whatIsCopiedMayFillItsRoomToTheLastByte() throws InvalidRequestException {
        // custom_id 3 as JSON, key 1, header 1 + 1 + 10, user 6 as JSON ("é" is 2 bytes in UTF-8), metadata 8 and its
        // filling
        String filling = "x".repeat(Requests.MAX_COPIED_BYTES - 3 - 1 - 12 - 6 - 8);
        PromptRecord record = record(
                "k".getBytes(UTF_8),
                "{\"custom_id\":\"i\",\"prompt\":[1],\"user\":\"éé\",\"metadata\":{\"m\":\"" + filling + "\"}}");
        record.headers = List.of(Requests.header("h", "v"));
        assertThat(parser().parse(record, NOW).metadata).hasSize(8 + filling.length());

        record.headers = List.of(Requests.header("h", "vv"));
        RecordError error = Requests.errorOf(record);
        assertThat(error.code).isEqualTo("too_large");
        assertThat(error.message).contains("found 10001 bytes, expected at most 10000");

        // Kafka needs room for a header of which nothing is left.
        record.headers = List.of(Requests.header("h", "v"), Requests.header("", null));
        assertThat(Requests.errorOf(record).message).contains("found 10010 bytes, expected at most 10000");
    }

    @Test
    void negativeRoomIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AnswerLimits(-1, 1))
                .withMessage("copiedBytes: found -1, expected 0 or more");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AnswerLimits(1, -1))
                .withMessage("recordBytes: found -1, expected 0 or more");
    }
}
