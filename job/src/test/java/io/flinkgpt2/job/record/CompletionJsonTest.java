package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionJsonTest {

    static CompletionRecord completion() {
        CompletionRecord record = new CompletionRecord();
        record.key = "k".getBytes(UTF_8);
        record.headers = Requests.headers("h", "v");
        record.id = "cmpl-0123";
        record.customId = "r-1";
        record.created = 1_700_000_000;
        record.model = "gpt2";
        record.modelRevision = "abc";
        record.systemFingerprint = "flink-gpt2-0.1-f32";
        CompletionChoice first = new CompletionChoice();
        first.text = " é \"x\"\n\u0001😀\u2028";
        first.tokenIds = new int[] {1, 50255};
        first.finishReason = "length";
        first.stopReason = "max_tokens";
        CompletionChoice second = new CompletionChoice();
        second.index = 1;
        second.text = "";
        second.finishReason = "stop";
        record.choices = List.of(first, second);
        record.promptTokens = 3;
        record.completionTokens = 2;
        record.metrics = new RequestMetrics();
        record.metrics.queueTimeMs = 12;
        record.metrics.timeToFirstTokenMs = 34;
        record.metrics.generationTimeMs = 56;
        record.metrics.tokensPerSecond = 35.7142857;
        record.metrics.cachedTokens = 0;
        record.source = new RecordSource("prompts", 3, 42, 1_699_999_999_999L);
        record.metadata = "{\"z\":1.10,\"a\":\"é\"}";
        record.user = "\"alice\"";
        return record;
    }

    @Test
    void aCompletionIsWrittenFieldByField() {
        assertThat(new String(CompletionJson.write(completion()), UTF_8))
                .isEqualTo("{\"id\":\"cmpl-0123\",\"custom_id\":\"r-1\",\"object\":\"text_completion\","
                        + "\"created\":1700000000,\"model\":\"gpt2\",\"model_revision\":\"abc\","
                        + "\"system_fingerprint\":\"flink-gpt2-0.1-f32\",\"choices\":["
                        + "{\"index\":0,\"text\":\" é \\\"x\\\"\\n\\u0001😀\u2028\",\"token_ids\":[1,50255],"
                        + "\"finish_reason\":\"length\",\"stop_reason\":\"max_tokens\",\"logprobs\":null},"
                        + "{\"index\":1,\"text\":\"\",\"finish_reason\":\"stop\",\"stop_reason\":null,\"logprobs\":null}],"
                        + "\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":0}},"
                        + "\"metrics\":{\"queue_time_ms\":12,\"time_to_first_token_ms\":34,\"generation_time_ms\":56,"
                        + "\"tokens_per_second\":35.714,\"cached_tokens\":0},"
                        + "\"source\":{\"topic\":\"prompts\",\"partition\":3,\"offset\":42,"
                        + "\"timestamp\":1699999999999},"
                        + "\"metadata\":{\"z\":1.10,\"a\":\"é\"},\"user\":\"alice\",\"error\":null}");
    }

    @Test
    void aRequestThatFailedInsideHasAnErrorAndNoChoices() {
        CompletionRecord record = completion();
        record.choices = List.of();
        record.completionTokens = 0;
        record.metadata = null;
        record.user = null;
        record.error = new RecordError("it broke", "server_error", null, "internal_error");

        assertThat(new String(CompletionJson.write(record), UTF_8))
                .contains("\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":0,\"total_tokens\":3,"
                        + "\"prompt_tokens_details\":{\"cached_tokens\":0}}")
                .endsWith("\"metadata\":{},\"user\":null,\"error\":{\"message\":\"it broke\",\"type\":\"server_error\","
                        + "\"param\":null,\"code\":\"internal_error\"}}");
    }

    @Test
    void whatWasCutOffThePromptIsSaidAndElseNotSpokenOf() {
        CompletionRecord record = completion();
        record.choices.get(1).promptTokensDropped = 12;
        record.choices.get(1).truncatedSide = "left";

        assertThat(new String(CompletionJson.write(record), UTF_8))
                .contains(
                        "\"logprobs\":null,\"truncated\":{\"prompt_tokens_dropped\":12,\"side\":\"left\"}}],\"usage\":{");
        assertThat(new String(CompletionJson.write(completion()), UTF_8)).doesNotContain("truncated");
    }

    @Test
    void emptyTokenIdsAreWrittenForTheyWereAskedFor() {
        CompletionRecord record = completion();
        record.choices.get(0).tokenIds = new int[0];

        assertThat(new String(CompletionJson.write(record), UTF_8)).contains("\"token_ids\":[],");
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0.000",
        "1e-9, 0.000",
        "123456789.5, 123456789.500",
        "1e20, 100000000000000000000.000",
        "NaN, null",
        "Infinity, null",
        "-Infinity, null"
    })
    void ratesAreWrittenWithoutAnExponent(double rate, String written) {
        CompletionRecord record = completion();
        record.metrics.tokensPerSecond = rate;

        assertThat(new String(CompletionJson.write(record), UTF_8))
                .contains("\"tokens_per_second\":" + written + ",\"cached_tokens\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\ud800", "a\udc00b", "\udc00\ud800", "😀\ud83d"})
    void halfASurrogatePairIsWrittenAsAReplacement(String half) {
        CompletionRecord record = completion();
        record.customId = half;
        record.choices.get(0).text = half;
        record.metadata = "{\"m\":\"" + half + "\"}";
        record.error = new RecordError(half, half, half, half);
        String repaired = half.codePoints()
                .map(c -> Character.getType(c) == Character.SURROGATE ? 0xFFFD : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();

        JsonNode written = Requests.json(CompletionJson.write(record));

        assertThat(written.at("/custom_id").textValue()).isEqualTo(repaired);
        assertThat(written.at("/choices/0/text").textValue()).isEqualTo(repaired);
        assertThat(written.at("/metadata/m").textValue()).isEqualTo(repaired);
        assertThat(written.at("/error/message").textValue()).isEqualTo(repaired);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void longTextsOfLongCharactersComeOutWhole(int offset) {
        // Past every buffer of the writer, which must not cut a character in two.
        String text = "a".repeat(offset) + "😀é\u2028".repeat(50_000);
        CompletionRecord record = completion();
        record.choices.get(0).text = text;
        record.metadata = "{\"m\":\"" + text + "\"}";

        JsonNode written = Requests.json(CompletionJson.write(record));

        assertThat(written.at("/choices/0/text").textValue()).isEqualTo(text);
        assertThat(written.at("/metadata/m").textValue()).isEqualTo(text);
    }

    @Test
    void aRecordWithoutContentIsStillJson() {
        JsonNode written = Requests.json(CompletionJson.write(new CompletionRecord()));

        assertThat(written.at("/choices").isArray()).isTrue();
        assertThat(written.at("/metrics").isNull()).isTrue();
        assertThat(written.at("/source").isNull()).isTrue();
    }

    @Test
    void tokensOfHugeCountsDoNotOverflow() {
        CompletionRecord record = completion();
        record.promptTokens = Integer.MAX_VALUE;
        record.completionTokens = Integer.MAX_VALUE;

        assertThat(Requests.json(CompletionJson.write(record))
                        .at("/usage/total_tokens")
                        .longValue())
                .isEqualTo(2L * Integer.MAX_VALUE);
    }
}
