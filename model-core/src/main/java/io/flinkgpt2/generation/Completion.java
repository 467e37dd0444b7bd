package io.flinkgpt2.generation;

/**
 * The text that one choice of a request came to.
 *
 * @param choice index among the choices of the request, from 0
 * @param promptTokens tokens of the prompt that the model saw
 * @param tokenIds the generated ids, without the end-of-text id
 * @param text the generated text
 * @param stopReason what ended the generation
 * @param cachedTokens tokens of the prompt that were not computed, for a prefix cache had them; 0 without one
 * @param queueNanos from the request's arrival to the start, 0 if nothing was waited for
 * @param timeToFirstTokenNanos from the start to the first generated token, 0 if there is none
 * @param generationNanos from the start to the end
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box every id
public record Completion(
        int choice,
        int promptTokens,
        int[] tokenIds,
        String text,
        StopReason stopReason,
        int cachedTokens,
        long queueNanos,
        long timeToFirstTokenNanos,
        long generationNanos) {}
