package io.flinkgpt2.sampling;

import java.util.Arrays;
import java.util.List;

/**
 * Rules out the last token of each bad word where the generated tokens end with those before it; a bad word of one token is
 * always ruled out.
 */
final class BadWords implements LogitsProcessor {
    private final List<int[]> words;
    /** The last generated tokens, the newest at the end. */
    private final int[] recent;

    private int recentCount;

    private BadWords(List<int[]> words, int[] recent, int recentCount) {
        this.words = words;
        this.recent = recent;
        this.recentCount = recentCount;
    }

    /** @param words 1 token or more each; not to be changed */
    static BadWords of(List<int[]> words) {
        int longest = words.stream().mapToInt(word -> word.length).max().orElse(1);
        return new BadWords(List.copyOf(words), new int[longest - 1], 0);
    }

    @Override
    public void apply(float[] logits, int offset, int vocabularySize) {
        for (int i = 0; i < words.size(); i++) {
            int[] word = words.get(i);
            if (isBegun(word)) {
                logits[offset + word[word.length - 1]] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    /** Returns whether the generated tokens end with all tokens of a word but the last. */
    private boolean isBegun(int[] word) {
        int begun = word.length - 1;
        return begun <= recentCount && Arrays.equals(word, 0, begun, recent, recent.length - begun, recent.length);
    }

    @Override
    public void accept(int tokenId) {
        if (recent.length > 0) {
            System.arraycopy(recent, 1, recent, 0, recent.length - 1);
            recent[recent.length - 1] = tokenId;
            recentCount = Math.min(recentCount + 1, recent.length);
        }
    }

    @Override
    public LogitsProcessor fork() {
        return new BadWords(words, recent.clone(), recentCount);
    }
}
