package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.sampling.ScoreParameters;
import io.flinkgpt2.sampling.TokenScores;
import io.flinkgpt2.tokenizer.StreamingDecoder;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes the log-probabilities of a choice as OpenAI's and vLLM's interfaces have them.
 *
 * <ul>
 *   <li>{@code logprobs} is an object of four lists with an entry for each token: {@code tokens}, {@code token_logprobs},
 *       {@code top_logprobs} and {@code text_offset}. With {@code echo} the prompt's tokens come first, the first of which has
 *       null in place of log-probabilities.
 *   <li>{@code top_logprobs} has objects from tokens to log-probabilities: the k best in their order, or the labels in theirs,
 *       then the chosen token unless it is among them. Where two tokens have the same text, the better one stands there.
 *   <li>{@code text_offset} counts code points of the choice's text that stand before the token. A token that begins inside a
 *       character has the offset of that character; one behind the end of a text that was cut has the offset of that end.
 *   <li>The text of a token that is not whole characters has U+FFFD for what it lacks.
 *   <li>{@code prompt_logprobs} is a list: null for the first token, then objects from ids to {@code logprob}, {@code rank} (1 is
 *       the best) and {@code decoded_token}: the prompt's token, then the k best.
 *   <li>The logarithm of 0 is written as {@value #LOWEST}, as vLLM does, for JSON has no infinity.
 * </ul>
 */
final class ScoresJson {
    private static final String LOWEST = "-9999.0";
    private static final JsonFactory GENERATORS = new JsonFactory();

    private final Tokenizer tokenizer;
    private final boolean skipSpecialTokens;
    private final boolean idsAsTokens;

    /** @param idsAsTokens whether tokens are written as {@code token_id:50256} */
    ScoresJson(Tokenizer tokenizer, boolean skipSpecialTokens, boolean idsAsTokens) {
        this.tokenizer = tokenizer;
        this.skipSpecialTokens = skipSpecialTokens;
        this.idsAsTokens = idsAsTokens;
    }

    /** Writes a JSON value. */
    @FunctionalInterface
    private interface Value {
        void writeTo(JsonGenerator json) throws IOException;
    }

    private static String text(Value value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = GENERATORS.createGenerator(text)) {
            value.writeTo(json);
        } catch (IOException e) {
            throw new UncheckedIOException("a string refused to be written to", e);
        }
        return text.toString();
    }

    /**
     * Returns {@code logprobs}.
     *
     * @param echoed ids of the prompt, which come first; empty without echo
     * @param echoedText text of these
     */
    String logprobs(Completion completion, ScoreParameters asked, int[] echoed, String echoedText) {
        int[] ids = completion.tokenIds();
        return text(json -> {
            json.writeStartObject();
            json.writeArrayFieldStart("tokens");
            for (int id : echoed) {
                json.writeString(name(id));
            }
            for (int id : ids) {
                json.writeString(name(id));
            }
            json.writeEndArray();
            writeTokenLogprobs(json, completion, echoed.length);
            json.writeArrayFieldStart("top_logprobs");
            writeBest(json, echoed, completion.promptScores(), 1, asked);
            writeBest(json, ids, completion.scores(), 0, asked);
            json.writeEndArray();
            json.writeArrayFieldStart("text_offset");
            int start = writeOffsets(json, echoed, echoedText, 0);
            writeOffsets(json, ids, completion.text(), start);
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void writeTokenLogprobs(JsonGenerator json, Completion completion, int echoed) throws IOException {
        json.writeArrayFieldStart("token_logprobs");
        for (int i = 0; i < echoed; i++) {
            writeChosen(json, completion.promptScores(), i - 1);
        }
        for (int i = 0; i < completion.tokenIds().length; i++) {
            writeChosen(json, completion.scores(), i);
        }
        json.writeEndArray();
    }

    private static void writeChosen(JsonGenerator json, TokenScores scores, int index) throws IOException {
        if (isKnown(scores, index)) {
            writeNumber(json, scores.logProbability(index));
        } else {
            json.writeNull();
        }
    }

    /** Returns whether a token was scored: not the first of a prompt, nor what a timeout left out. */
    private static boolean isKnown(TokenScores scores, int index) {
        return scores != null && index >= 0 && index < scores.size();
    }

    /** @param unscored number of tokens at the start that have no scores */
    private void writeBest(JsonGenerator json, int[] ids, TokenScores scores, int unscored, ScoreParameters asked)
            throws IOException {
        for (int i = 0; i < ids.length; i++) {
            if (!isKnown(scores, i - unscored)) {
                json.writeNull();
                continue;
            }
            json.writeStartObject();
            for (Map.Entry<String, Float> token :
                    best(ids[i], scores, i - unscored, asked).entrySet()) {
                json.writeFieldName(token.getKey());
                writeNumber(json, token.getValue());
            }
            json.writeEndObject();
        }
    }

    private Map<String, Float> best(int chosen, TokenScores scores, int index, ScoreParameters asked) {
        Map<String, Float> best = new LinkedHashMap<>();
        int[] labels = scores.labelIds();
        for (int label = 0; label < labels.length; label++) {
            best.merge(name(labels[label]), scores.labelLogProbability(index, label), Math::max);
        }
        for (int rank = 0; rank < Math.min(asked.generatedAlternatives(), scores.alternatives()); rank++) {
            best.merge(
                    name(scores.alternativeId(index, rank)), scores.alternativeLogProbability(index, rank), Math::max);
        }
        best.merge(name(chosen), scores.logProbability(index), Math::max);
        return best;
    }

    /** Returns the number of code points up to the end of the text. */
    private int writeOffsets(JsonGenerator json, int[] ids, String text, int start) throws IOException {
        int end = start + text.codePointCount(0, text.length());
        StreamingDecoder decoder = tokenizer.streamingDecoder(skipSpecialTokens);
        int offset = start;
        for (int id : ids) {
            json.writeNumber(Math.min(offset, end));
            String decoded = decoder.accept(id);
            offset += decoded.codePointCount(0, decoded.length());
        }
        return end;
    }

    /**
     * Returns {@code prompt_logprobs}.
     *
     * @param scores of the tokens from the second one on; null if there are none
     * @param count number of best tokens to tell
     */
    String promptLogprobs(int[] prompt, TokenScores scores, int count) {
        return text(json -> {
            json.writeStartArray();
            for (int i = 0; i < prompt.length; i++) {
                int index = i - 1;
                if (!isKnown(scores, index)) {
                    json.writeNull();
                    continue;
                }
                json.writeStartObject();
                writeRanked(json, prompt[i], scores.logProbability(index), scores.rank(index));
                for (int rank = 0; rank < Math.min(count, scores.alternatives()); rank++) {
                    if (scores.alternativeId(index, rank) != prompt[i]) {
                        writeRanked(
                                json,
                                scores.alternativeId(index, rank),
                                scores.alternativeLogProbability(index, rank),
                                rank + 1);
                    }
                }
                json.writeEndObject();
            }
            json.writeEndArray();
        });
    }

    private void writeRanked(JsonGenerator json, int id, float logProbability, int rank) throws IOException {
        json.writeObjectFieldStart(String.valueOf(id));
        json.writeFieldName("logprob");
        writeNumber(json, logProbability);
        json.writeNumberField("rank", rank);
        json.writeStringField("decoded_token", tokenizer.decode(id));
        json.writeEndObject();
    }

    private String name(int id) {
        return idsAsTokens ? "token_id:" + id : tokenizer.decode(id);
    }

    private static void writeNumber(JsonGenerator json, float logProbability) throws IOException {
        json.writeNumber(Float.isFinite(logProbability) ? Float.toString(logProbability) : LOWEST);
    }

    /** Returns a sum of log-probabilities as it is written. */
    static String number(double logProbability) {
        return Double.isFinite(logProbability) ? Double.toString(logProbability) : LOWEST;
    }
}
