package io.flinkgpt2.generation;

/**
 * A prompt as the model sees it.
 *
 * @param tokenIds one token or more
 * @param droppedTokens number of tokens that were cut off, 0 if it fitted
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed, and a list would box every id
public record FittedPrompt(int[] tokenIds, int droppedTokens) {}
