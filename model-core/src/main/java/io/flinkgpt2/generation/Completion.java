package io.flinkgpt2.generation;

import io.flinkgpt2.json.QuotedText;
import io.flinkgpt2.sampling.TokenScores;
import java.util.Locale;

/**
 * The text that one choice of a request came to.
 *
 * @param prompt index of its prompt among those of the request, from 0
 * @param choice index among the choices of its prompt, from 0: by best_of and beams the better one first
 * @param promptTokens tokens of the prompt that the model saw
 * @param tokenIds the generated ids, without the one that ended the generation unless it was to be included
 * @param text the generated text
 * @param stopReason what ended the generation
 * @param stopString the text that ended it, for {@link StopReason#STOP_STRING}; else null
 * @param stopTokenId the id that ended it, for {@link StopReason#STOP_TOKEN}; else -1
 * @param scores log-probabilities of the generated tokens, {@code tokenIds.length} or more; null if they were not needed
 * @param promptScores those of the prompt's tokens from the second one on; null if they were not asked for
 * @param cachedTokens tokens of the prompt that were not computed, for a prefix cache had them; 0 without one
 * @param queueNanos from the request's arrival to the start, 0 if nothing was waited for
 * @param timeToFirstTokenNanos from the start to the first generated token, 0 if there is none
 * @param generationNanos from the start to the end
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box every id
public record Completion(
        int prompt,
        int choice,
        int promptTokens,
        int[] tokenIds,
        String text,
        StopReason stopReason,
        String stopString,
        int stopTokenId,
        TokenScores scores,
        TokenScores promptScores,
        int cachedTokens,
        long queueNanos,
        long timeToFirstTokenNanos,
        long generationNanos) {

    /** Characters of the text that a description shows. */
    private static final int SHOWN_CHARACTERS = 80;

    /** Returns this completion as another choice of its prompt. */
    Completion withChoice(int other) {
        return at(prompt, other);
    }

    /** Returns this completion as one of another prompt. */
    Completion withPrompt(int other) {
        return at(other, choice);
    }

    private Completion at(int otherPrompt, int otherChoice) {
        return new Completion(
                otherPrompt,
                otherChoice,
                promptTokens,
                tokenIds,
                text,
                stopReason,
                stopString,
                stopTokenId,
                scores,
                promptScores,
                cachedTokens,
                queueNanos,
                timeToFirstTokenNanos,
                generationNanos);
    }

    /** Returns the sum of the log-probabilities of {@link #tokenIds}; 0 if they were not needed. */
    public double logProbability() {
        return scores == null ? 0 : scores.sum(tokenIds.length);
    }

    /** Returns the text, shortened, with its number of tokens, why it ended and how long it took. */
    @Override
    public String toString() {
        String place = prompt == 0 && choice == 0 ? "" : "prompt " + prompt + ", choice " + choice + ": ";
        return "Completion[" + place + QuotedText.of(text, SHOWN_CHARACTERS) + ", " + tokenIds.length
                + (tokenIds.length == 1 ? " token" : " tokens") + ", "
                + stopReason.name().toLowerCase(Locale.ROOT) + ", " + generationNanos / 1_000_000 + " ms]";
    }
}
