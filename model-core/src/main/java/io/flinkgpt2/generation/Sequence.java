package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvCache;
import java.util.Arrays;

/**
 * One request on its way: the tokens so far, how many of them its KV cache holds, and when it ends. Knows no batch and no
 * thread. What it needs to be resumed elsewhere is its request and {@link #generatedTokenIds}: the cache is derived.
 */
final class Sequence {

    private final GenerationRequest request;
    private final KvCache cache;
    private final int promptLength;
    private final int maxContext;
    private final int endOfTextId;
    /** Prompt, then generated tokens. */
    private final int[] tokenIds;

    private int length;
    private StopReason stopReason;

    /**
     * @param promptTokenIds the prompt as the model sees it, 1 token or more unless nothing is to be generated
     * @param cache an empty cache that is this sequence's alone until it ends
     * @param maxContext the most tokens of prompt and completion together
     * @param endOfTextId or -1 if the model has none
     */
    Sequence(GenerationRequest request, int[] promptTokenIds, KvCache cache, int maxContext, int endOfTextId) {
        this.request = request;
        this.cache = cache;
        this.promptLength = promptTokenIds.length;
        this.maxContext = maxContext;
        this.endOfTextId = endOfTextId;
        this.tokenIds =
                Arrays.copyOf(promptTokenIds, (int) Math.min(maxContext, (long) promptLength + request.maxTokens()));
        this.length = promptLength;
        checkLimits();
    }

    GenerationRequest request() {
        return request;
    }

    KvCache cache() {
        return cache;
    }

    int promptLength() {
        return promptLength;
    }

    /** Tokens so far, prompt included. */
    int length() {
        return length;
    }

    int tokenId(int position) {
        return tokenIds[position];
    }

    /** Number of generated tokens: the step of the random stream. */
    int generatedCount() {
        return length - promptLength;
    }

    /** A copy of the generated ids. */
    int[] generatedTokenIds() {
        return Arrays.copyOfRange(tokenIds, promptLength, length);
    }

    /** Takes the next token, or ends at end of text. */
    void append(int tokenId) {
        if (tokenId == endOfTextId) {
            stopReason = StopReason.END_OF_TEXT;
            return;
        }
        tokenIds[length++] = tokenId;
        checkLimits();
    }

    private void checkLimits() {
        if (generatedCount() >= request.maxTokens()) {
            stopReason = StopReason.MAX_TOKENS;
        } else if (length >= maxContext) {
            stopReason = StopReason.MAX_CONTEXT;
        }
    }

    boolean isFinished() {
        return stopReason != null;
    }

    /** What ended it, or null. */
    StopReason stopReason() {
        return stopReason;
    }
}
