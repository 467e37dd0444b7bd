package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.sampling.StopParameters;
import java.util.stream.IntStream;

/** The ids that end a sequence: end of text, unless the request ignores it, and those that the request names. */
final class EndingTokens implements StopCriteria {

    private final int[] endOfText;
    private final int[] named;
    private final int vocabularySize;

    EndingTokens(Gpt2Config config, StopParameters parameters) {
        this.endOfText = parameters.ignoreEndOfText()
                ? new int[0]
                : config.endOfTextIds().stream().mapToInt(id -> id).toArray();
        this.named = parameters.tokenIds();
        this.vocabularySize = config.vocabularySize();
    }

    boolean isEmpty() {
        return endOfText.length + named.length == 0;
    }

    /** Returns the ids that the model has logits of, without duplicates; the others are never drawn. */
    int[] ids() {
        return IntStream.concat(IntStream.of(endOfText), IntStream.of(named))
                .filter(id -> id >= 0 && id < vocabularySize)
                .distinct()
                .toArray();
    }

    @Override
    public Stop before(int tokenId) {
        if (contains(endOfText, tokenId)) {
            return Stop.of(StopReason.END_OF_TEXT);
        }
        return contains(named, tokenId) ? Stop.atToken(tokenId) : null;
    }

    private static boolean contains(int[] ids, int tokenId) {
        for (int id : ids) {
            if (id == tokenId) {
                return true;
            }
        }
        return false;
    }

    /** Returns this criterion, which has no state. */
    @Override
    public StopCriteria fork() {
        return this;
    }
}
