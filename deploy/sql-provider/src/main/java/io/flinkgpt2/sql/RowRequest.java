package io.flinkgpt2.sql;

import io.flinkgpt2.sampling.GenerationParameters;

/**
 * A row as the engine takes it.
 *
 * @param promptTokenIds one token or more
 * @param droppedTokens number of tokens that were cut off the prompt
 * @param parameters of its generation
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
record RowRequest(int[] promptTokenIds, int droppedTokens, GenerationParameters parameters) {}
