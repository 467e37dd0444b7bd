package io.flinkgpt2.generation;

/**
 * What was generated.
 *
 * @param promptTokens tokens of the prompt that the model saw
 * @param tokenIds the generated ids, without the end-of-text id
 * @param text the generated text
 * @param stopReason what ended the generation
 * @param timeToFirstTokenNanos from the start to the first generated token, 0 if there is none
 * @param generationNanos from the start to the end
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box every id
public record Completion(
        int promptTokens,
        int[] tokenIds,
        String text,
        StopReason stopReason,
        long timeToFirstTokenNanos,
        long generationNanos) {}
