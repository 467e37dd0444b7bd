package io.flinkgpt2.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntBiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte-pair encoding by its definition, one merge at a time, to compare with. Tokens are Latin-1 strings, one character
 * a byte.
 */
final class NaiveBpe {
    static final int NO_MERGE = Integer.MAX_VALUE;

    /** GPT-2's own pattern, word for word, with Unicode's white space. */
    private static final Pattern GPT2 = Pattern.compile(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            Pattern.UNICODE_CHARACTER_CLASS);

    private NaiveBpe() {}

    /** GPT-2's tokens and their ranks, which are their ids. */
    static Map<String, Integer> gpt2Ranks() {
        Map<String, Integer> ranks = new HashMap<>();
        for (int id = 0; id < 50256; id++) {
            ranks.put(latin1(Tokenizer.gpt2().bytes(id)), id);
        }
        return ranks;
    }

    /** The tokens of {@code text}; {@code rank} gives the rank of a pair's merge, or {@link #NO_MERGE}. */
    static List<String> encode(String text, ToIntBiFunction<String, String> rank) {
        return encode(text, GPT2, rank);
    }

    static List<String> encode(String text, Pattern split, ToIntBiFunction<String, String> rank) {
        List<String> tokens = new ArrayList<>();
        for (Matcher piece = split.matcher(text); piece.find(); ) {
            tokens.addAll(merge(piece.group().getBytes(StandardCharsets.UTF_8), rank));
        }
        return tokens;
    }

    static List<String> merge(byte[] piece, ToIntBiFunction<String, String> rank) {
        List<String> tokens = new ArrayList<>();
        for (byte b : piece) {
            tokens.add(String.valueOf((char) (b & 0xFF)));
        }
        while (true) {
            int best = -1;
            int bestRank = NO_MERGE;
            for (int i = 0; i + 1 < tokens.size(); i++) {
                int candidate = rank.applyAsInt(tokens.get(i), tokens.get(i + 1));
                if (candidate < bestRank) {
                    best = i;
                    bestRank = candidate;
                }
            }
            if (best < 0) {
                return tokens;
            }
            tokens.set(best, tokens.get(best) + tokens.remove(best + 1));
        }
    }

    static String latin1(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /** A token of Latin-1 bytes as vocab.json and merges.txt spell it. */
    static String spelled(String token) {
        StringBuilder spelling = new StringBuilder();
        token.chars().forEach(value -> spelling.append(ByteLevelAlphabet.characterOf(value)));
        return spelling.toString();
    }
}
