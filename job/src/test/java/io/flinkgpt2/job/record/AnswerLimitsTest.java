package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.errorOf;
import static io.flinkgpt2.job.record.Requests.parse;
import static io.flinkgpt2.job.record.Requests.record;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.sampling.ScoreParameters;
import io.flinkgpt2.sampling.ScoresOfTests;
import io.flinkgpt2.sampling.ScoresOfTests.Position;
import io.flinkgpt2.sampling.TokenScores;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An answer fits its topic: what cannot is refused, and what turns out not to has an error. */
class AnswerLimitsTest {

    private static final Tokenizer GPT2 = Tokenizer.gpt2();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"n\":128,\"max_tokens\":127,\"logprobs\":5",
                "\"n\":128,\"max_tokens\":127,\"logprobs\":0,\"logprob_token_ids\":[1,2,3,4,5]"
            })
    void aRequestWhoseAnswerCannotFitIsTooLarge(String fields) {
        RecordError error = errorOf("{\"prompt\":[1]," + fields + "}");

        assertThat(error.code).isEqualTo("too_large");
        assertThat(error.message)
                .startsWith("the answer: found about ")
                .contains("expected at most " + Requests.MAX_RECORD_BYTES, "ask for less of n, max_tokens, logprobs");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"n\":128,\"max_tokens\":127",
                "\"n\":128,\"max_tokens\":16,\"logprobs\":5",
                "\"n\":8,\"max_tokens\":127,\"logprobs\":20,\"echo\":true,\"return_token_ids\":true",
                "\"max_tokens\":2147483647,\"logprobs\":20,\"prompt_logprobs\":20"
            })
    void aRequestWhoseAnswerMayFitIsTaken(String fields) throws InvalidRequestException {
        assertThat(parse("{\"prompt\":[1]," + fields + "}").prompts).hasDimensions(1, 1);
    }

    /** Random tokens are longer than those of real texts. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"n\":3",
                "\"n\":3,\"logprobs\":0",
                "\"logprobs\":20",
                "\"logprobs\":5,\"prompt_logprobs\":3,\"echo\":true,\"return_token_ids\":true",
                "\"prompt_logprobs\":0",
                "\"logprobs\":0,\"logprob_token_ids\":[11,12,13]"
            })
    void theEstimateIsBelowTheAnswersOfRandomTokensAndWithinAFifthOfThem(String fields) throws InvalidRequestException {
        PromptRequest request =
                parse("{\"prompt\":[" + "50000,".repeat(29) + "40000],\"max_tokens\":60," + fields + "}");
        CompletionRecord record = completed(request);

        long actual = CompletionJson.write(record).length;
        long estimated = AnswerSize.copied(request) + AnswerSize.generated(request, Requests.MAX_CONTEXT);

        assertThat(estimated).isBetween(actual / 5, actual);
    }

    private static CompletionRecord completed(PromptRequest request) {
        Random random = new Random(1);
        List<Completion> completions = new ArrayList<>();
        ScoreParameters asked = request.parameters.scores();
        for (int choice = 0; choice < request.parameters.choices(); choice++) {
            int[] ids = random.ints(request.parameters.maxTokens(), 0, 50257).toArray();
            completions.add(new Completion(
                    0,
                    choice,
                    30,
                    ids,
                    GPT2.decode(ids),
                    StopReason.MAX_TOKENS,
                    null,
                    -1,
                    scores(random, ids.length, asked.generatedAlternatives(), asked.labelIds()),
                    scores(random, 29, asked.promptAlternatives(), asked.promptLabelIds()),
                    0,
                    0,
                    0,
                    0));
        }
        return new CompletionRecords("job", "gpt2", "0", Precision.F32, GPT2, RecordEnvelope.AS_SENT)
                .completed(request, completions, 0, false);
    }

    private static TokenScores scores(Random random, int count, int alternatives, int[] labelIds) {
        List<Position> positions = IntStream.range(0, count)
                .mapToObj(i -> new Position(
                        -20 * random.nextFloat(),
                        1 + random.nextInt(50257),
                        random.ints(alternatives, 0, 50257).toArray(),
                        floats(random, alternatives),
                        floats(random, labelIds.length)))
                .toList();
        return ScoresOfTests.scores(alternatives, labelIds, positions);
    }

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = -20 * random.nextFloat();
        }
        return values;
    }

    @Test
    void anAnswerThatTurnsOutNotToFitHasAnErrorInPlaceOfItsChoices() throws InvalidRequestException {
        PromptRecord source = record("kk".getBytes(UTF_8), "{\"prompt\":[1],\"max_tokens\":60,\"metadata\":{\"a\":1}}");
        source.headers = Requests.headers("h", "v");
        CompletionRecord record = completed(Requests.parser().parse(source, Requests.NOW));
        byte[] whole = CompletionJson.write(record);
        long size = whole.length + 2 + record.headers.get(0).size();

        assertThat(CompletionJson.write(record, size)).isEqualTo(whole);
        byte[] cut = CompletionJson.write(record, size - 1);

        JsonNode written = Requests.json(cut);
        assertThat(written.get("choices")).isEmpty();
        assertThat(written.at("/error/code").textValue()).isEqualTo("too_large");
        assertThat(written.at("/error/message").textValue())
                .contains("found " + size + " bytes, expected at most " + (size - 1));
        assertThat(written.get("custom_id")).isEqualTo(Requests.json(whole).get("custom_id"));
        assertThat(written.at("/metadata/a").intValue()).isEqualTo(1);
        assertThat(record.choices).as("the record is as it was").isNotEmpty();
    }
}
