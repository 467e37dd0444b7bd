package io.flinkgpt2.generation;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * One request on its way: the tokens so far, and when it ends. Knows no batch, no cache and no thread. What it needs to be resumed elsewhere is its request and {@link #generatedTokenIds}: the cache is derived.
 */
final class Sequence {

    private final GenerationRequest request;
    private final int promptLength;
    private final int maxContext;
    private final IntPredicate endOfText;
    /** Prompt, then generated tokens. */
    private final int[] tokenIds;

    private int length;
    private StopReason stopReason;

    /**
     * @param promptTokenIds the prompt as the model sees it, 1 token or more unless nothing is to be generated
     * @param generatedTokenIds what was generated before it was interrupted; what exceeds the limits is left out, as if they
     *     had held then
     * @param maxContext the most tokens of prompt and completion together
     * @param endOfText whether a token ends the text
     */
    Sequence(
            GenerationRequest request,
            int[] promptTokenIds,
            int[] generatedTokenIds,
            int maxContext,
            IntPredicate endOfText) {
        this.request = request;
        this.promptLength = promptTokenIds.length;
        this.maxContext = maxContext;
        this.endOfText = endOfText;
        this.tokenIds =
                Arrays.copyOf(promptTokenIds, (int) Math.min(maxContext, (long) promptLength + request.maxTokens()));
        int resumed = Math.min(generatedTokenIds.length, tokenIds.length - promptLength);
        System.arraycopy(generatedTokenIds, 0, tokenIds, promptLength, resumed);
        this.length = promptLength + resumed;
        checkLimits();
    }

    GenerationRequest request() {
        return request;
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

    /** Prompt and generated tokens, {@link #length} of them; not to be changed. */
    int[] tokenIds() {
        return tokenIds;
    }

    /** The most positions that its cache will ever hold: the last token of all is not looked at again. */
    int mostPositions() {
        return Math.max(1, tokenIds.length - 1);
    }

    /** Number of generated tokens: the step of the random stream. */
    int generatedCount() {
        return length - promptLength;
    }

    /** A copy of the generated ids. */
    int[] generatedTokenIds() {
        return Arrays.copyOfRange(tokenIds, promptLength, length);
    }

    /** Takes the next token, or ends at end of text unless the request ignores it. */
    void append(int tokenId) {
        if (endOfText.test(tokenId) && !request.ignoreEndOfText()) {
            stopReason = StopReason.END_OF_TEXT;
            return;
        }
        tokenIds[length++] = tokenId;
        checkLimits();
    }

    /** Ends it where it stands. */
    void cancel() {
        stopReason = StopReason.CANCELLED;
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
