package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.NOW;
import static io.flinkgpt2.job.record.Requests.parse;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.sampling.ScoresOfTests;
import io.flinkgpt2.sampling.ScoresOfTests.Position;
import io.flinkgpt2.sampling.TokenScores;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The JSON of log-probabilities in answers. */
class ScoresJsonTest {

    private static final Tokenizer GPT2 = Tokenizer.gpt2();
    private static final int HELLO = 15496;
    private static final int WORLD = 995;
    private static final int HI = 17250;
    private static final int[] NONE = {};

    private static Completion completion(int[] ids, String text, TokenScores scores, TokenScores promptScores) {
        return new Completion(0, 0, 1, ids, text, StopReason.MAX_TOKENS, null, -1, scores, promptScores, 0, 0, 0, 0);
    }

    private static JsonNode choice(String fields, Completion completion) throws InvalidRequestException {
        PromptRequest request = parse("{\"prompt\":[17250,15496]," + fields + "}");
        CompletionRecords records =
                new CompletionRecords("job", "gpt2", "0", Precision.F32, GPT2, RecordEnvelope.NEVER);
        return Requests.json(CompletionJson.write(records.completed(request, List.of(completion), NOW, false)))
                .at("/choices/0");
    }

    private static Position position(float chosen, int rank, int[] ids, float... logProbabilities) {
        return new Position(chosen, rank, ids, logProbabilities);
    }

    @Test
    void theBestTokensComeFirstAndTheChosenOneIsAmongThem() throws InvalidRequestException {
        TokenScores scores = ScoresOfTests.scores(
                2,
                NONE,
                List.of(
                        position(-0.5f, 1, new int[] {HELLO, WORLD}, -0.5f, -1.25f),
                        position(-7.25f, 9, new int[] {HELLO, HI}, -0.125f, -3f)));

        JsonNode choice = choice("\"logprobs\":2", completion(new int[] {HELLO, WORLD}, "Hello world", scores, null));

        assertThat(choice.get("logprobs").toString())
                .isEqualTo("{\"tokens\":[\"Hello\",\" world\"],\"token_logprobs\":[-0.5,-7.25],"
                        + "\"top_logprobs\":[{\"Hello\":-0.5,\" world\":-1.25},"
                        + "{\"Hello\":-0.125,\"Hi\":-3.0,\" world\":-7.25}],\"text_offset\":[0,5]}");
        assertThat(choice.get("cumulative_logprob").doubleValue()).isEqualTo(-7.75);
        assertThat(choice.has("prompt_logprobs")).isFalse();
    }

    @Test
    void withNoneOfTheBestTheChosenOneStandsAlone() throws InvalidRequestException {
        TokenScores scores = ScoresOfTests.scores(
                0, NONE, List.of(position(-1.5f, 3, NONE), position(Float.NEGATIVE_INFINITY, 50257, NONE)));

        JsonNode choice = choice(
                "\"logprobs\":0,\"return_tokens_as_token_ids\":true",
                completion(new int[] {HELLO, WORLD}, "Hello world", scores, null));

        assertThat(choice.get("logprobs").toString())
                .isEqualTo(
                        "{\"tokens\":[\"token_id:15496\",\"token_id:995\"],\"token_logprobs\":[-1.5,-9999.0],"
                                + "\"top_logprobs\":[{\"token_id:15496\":-1.5},{\"token_id:995\":-9999.0}],\"text_offset\":[0,5]}");
        assertThat(choice.get("cumulative_logprob").doubleValue()).isEqualTo(-9999);
    }

    @Test
    void labelsStandInPlaceOfTheBest() throws InvalidRequestException {
        TokenScores scores = ScoresOfTests.scores(
                0, new int[] {WORLD, HELLO}, List.of(new Position(-3f, 4, NONE, new float[0], -0.25f, -2f)));

        JsonNode choice = choice(
                "\"logprobs\":5,\"logprob_token_ids\":[995,15496]", completion(new int[] {HI}, "Hi", scores, null));

        assertThat(choice.at("/logprobs/top_logprobs/0").toString())
                .isEqualTo("{\" world\":-0.25,\"Hello\":-2.0,\"Hi\":-3.0}");
    }

    @Test
    void withEchoThePromptComesFirstAndItsFirstTokenHasNull() throws InvalidRequestException {
        TokenScores prompt =
                ScoresOfTests.scores(3, NONE, List.of(position(-4f, 7, new int[] {HI, WORLD, HELLO}, -0.5f, -1f, -4f)));
        TokenScores scores = ScoresOfTests.scores(1, NONE, List.of(position(-0.5f, 1, new int[] {WORLD}, -0.5f)));

        JsonNode choice = choice(
                "\"echo\":true,\"logprobs\":1,\"prompt_logprobs\":3,\"return_token_ids\":true",
                completion(new int[] {WORLD}, " world", scores, prompt));

        assertThat(choice.get("text").textValue()).isEqualTo("HiHello world");
        assertThat(choice.get("token_ids").toString()).isEqualTo("[995]");
        assertThat(choice.get("prompt_token_ids").toString()).isEqualTo("[17250,15496]");
        assertThat(choice.get("logprobs").toString())
                .isEqualTo("{\"tokens\":[\"Hi\",\"Hello\",\" world\"],\"token_logprobs\":[null,-4.0,-0.5],"
                        + "\"top_logprobs\":[null,{\"Hi\":-0.5,\"Hello\":-4.0},{\" world\":-0.5}],"
                        + "\"text_offset\":[0,2,7]}");
        assertThat(choice.get("prompt_logprobs").toString())
                .isEqualTo("[null,{\"15496\":{\"logprob\":-4.0,\"rank\":7,\"decoded_token\":\"Hello\"},"
                        + "\"17250\":{\"logprob\":-0.5,\"rank\":1,\"decoded_token\":\"Hi\"},"
                        + "\"995\":{\"logprob\":-1.0,\"rank\":2,\"decoded_token\":\" world\"}}]");
        assertThat(choice.get("cumulative_logprob").doubleValue()).isEqualTo(-0.5);
    }

    @Test
    void aRequestForNoTokensScoresItsPrompt() throws InvalidRequestException {
        TokenScores prompt = ScoresOfTests.scores(0, NONE, List.of(position(-4f, 7, NONE)));

        JsonNode choice = choice(
                "\"echo\":true,\"logprobs\":0,\"max_tokens\":0,\"prompt_logprobs\":0",
                completion(NONE, "", null, prompt));

        assertThat(choice.get("text").textValue()).isEqualTo("HiHello");
        assertThat(choice.at("/logprobs/token_logprobs").toString()).isEqualTo("[null,-4.0]");
        assertThat(choice.get("prompt_logprobs").toString())
                .isEqualTo("[null,{\"15496\":{\"logprob\":-4.0,\"rank\":7,\"decoded_token\":\"Hello\"}}]");
        assertThat(choice.has("cumulative_logprob")).isFalse();
    }

    @Test
    void whatATimeoutLeftUnscoredIsNull() throws InvalidRequestException {
        JsonNode choice = choice(
                "\"echo\":true,\"logprobs\":1,\"prompt_logprobs\":1",
                completion(NONE, "", ScoresOfTests.scores(1, NONE, List.of()), null));

        assertThat(choice.get("logprobs").toString())
                .isEqualTo("{\"tokens\":[\"Hi\",\"Hello\"],\"token_logprobs\":[null,null],\"top_logprobs\":[null,null],"
                        + "\"text_offset\":[0,2]}");
        assertThat(choice.get("prompt_logprobs").toString()).isEqualTo("[null,null]");
    }

    @Test
    void offsetsCountCodePointsOfTheRealTextAndTokensInsideOfACharacterHaveItsOwn() throws InvalidRequestException {
        String text = "é😀漢 x";
        int[] ids = GPT2.encode(text);
        List<Position> positions =
                Arrays.stream(ids).mapToObj(id -> position(-1f, 1, NONE)).toList();

        JsonNode logprobs = choice(
                        "\"logprobs\":0", completion(ids, text, ScoresOfTests.scores(0, NONE, positions), null))
                .get("logprobs");

        assertThat(logprobs.get("tokens")).hasSize(ids.length);
        assertThat(logprobs.get("tokens").toString()).contains("\uFFFD");
        int bytes = 0;
        for (int i = 0; i < ids.length; i++) {
            int offset = 0;
            int end = 0;
            for (int point : text.codePoints().toArray()) {
                end += Character.toString(point).getBytes(UTF_8).length;
                offset += end <= bytes ? 1 : 0;
            }
            assertThat(logprobs.at("/text_offset/" + i).intValue()).isEqualTo(offset);
            bytes += GPT2.bytes(ids[i]).length;
        }
    }

    @Test
    void tokensBehindTheEndOfACutTextHaveTheOffsetOfThatEnd() throws InvalidRequestException {
        TokenScores scores = ScoresOfTests.scores(0, NONE, List.of(position(-1f, 1, NONE), position(-1f, 1, NONE)));

        JsonNode choice =
                choice("\"logprobs\":0,\"stop\":\"lo\"", completion(new int[] {HELLO, WORLD}, "Hel", scores, null));

        assertThat(choice.at("/logprobs/text_offset").toString()).isEqualTo("[0,3]");
    }

    @Test
    void ofTokensWithTheSameTextTheBetterOneStandsThere() throws InvalidRequestException {
        int[] emoji = GPT2.encode("😀");
        assertThat(GPT2.decode(emoji[0])).isEqualTo(GPT2.decode(222)).isEqualTo("\uFFFD");
        TokenScores scores =
                ScoresOfTests.scores(2, NONE, List.of(position(-5f, 8, new int[] {emoji[0], 222}, -0.5f, -1f)));

        JsonNode choice = choice("\"logprobs\":2", completion(new int[] {223}, "\uFFFD", scores, null));

        assertThat(choice.at("/logprobs/top_logprobs/0").toString()).isEqualTo("{\"\uFFFD\":-0.5}");
        assertThat(choice.at("/logprobs/token_logprobs/0").doubleValue()).isEqualTo(-5);
    }
}
