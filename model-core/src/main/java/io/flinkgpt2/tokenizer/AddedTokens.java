package io.flinkgpt2.tokenizer;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.regex.Pattern;

/**
 * Cuts a text at its {@linkplain AddedToken added tokens}. Immutable.
 *
 * <p>Tokens that are not normalized are found first, then those that are, in what is left between them. Of each kind the
 * leftmost is found, of several at one place the longest, and the search goes on behind it. A token that is found where
 * it may not be (a special one in a text that allows none, a part of a word) is ordinary text, all of it.
 *
 * <p>Source: {@code find_matches} and {@code extract_and_normalize} in {@code added_vocabulary.rs} of the tokenizers
 * library, for tokenizers without a normalizer.
 */
final class AddedTokens {
    private static final byte[] DIGEST_HEADER = "added tokens, format 1\n".getBytes(StandardCharsets.US_ASCII);

    /** A character of a word: {@code \w} of Unicode's regular expressions. */
    private static final Pattern WORD =
            Pattern.compile("[" + SplitPattern.LETTER + "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200C}\\x{200D}]");

    private static final Pattern WHITE_SPACE = Pattern.compile(SplitPattern.WHITE_SPACE);

    private final List<AddedToken> tokens;
    private final Pass first;
    private final Pass second;
    private final boolean strip;

    /** @param tokens with texts of one character or more, all different */
    AddedTokens(Collection<AddedToken> tokens) {
        this.tokens =
                tokens.stream().sorted(Comparator.comparingInt(AddedToken::id)).toList();
        this.first = new Pass(this.tokens.stream().filter(t -> !t.normalized()).toList());
        this.second =
                new Pass(this.tokens.stream().filter(AddedToken::normalized).toList());
        this.strip = this.tokens.stream().anyMatch(AddedToken::strips);
    }

    /** Returns whether a token may stand for more characters than it has. */
    boolean strip() {
        return strip;
    }

    /**
     * Feeds the text's parts in order.
     *
     * @param allowSpecial whether special tokens are found
     * @param ordinary takes the text between the tokens, never empty
     * @param ids takes the ids of the tokens
     */
    void split(String text, boolean allowSpecial, Consumer<String> ordinary, IntConsumer ids) {
        first.split(text, allowSpecial, part -> second.split(part, allowSpecial, ordinary, ids), ids);
    }

    /**
     * Feeds what decides how a text is cut, beyond the tokens' texts and which are special. Special tokens with no other
     * trait feed nothing, so they have the digest that they have in a vocabulary that does not declare them.
     */
    void updateDigest(MessageDigest digest) {
        boolean oneKind = first.isEmpty() || second.isEmpty();
        if (oneKind && tokens.stream().allMatch(t -> t.special() && !t.singleWord() && !t.strips())) {
            return;
        }
        digest.update(DIGEST_HEADER);
        ByteBuffer buffer = ByteBuffer.allocate(Integer.BYTES + 1);
        for (AddedToken token : tokens) {
            int traits = (token.special() ? 1 : 0)
                    | (token.singleWord() ? 2 : 0)
                    | (token.stripsLeft() ? 4 : 0)
                    | (token.stripsRight() ? 8 : 0)
                    | (token.normalized() && !oneKind ? 16 : 0);
            buffer.clear();
            digest.update(buffer.putInt(token.id()).put((byte) traits).flip());
        }
    }

    /** A tree of the tokens that are looked for together; each level is a character. */
    private static final class Pass {
        private final Node root = new Node();
        private final boolean onlySpecial;

        Pass(List<AddedToken> tokens) {
            for (AddedToken token : tokens) {
                Node node = root;
                for (int i = 0; i < token.text().length(); i++) {
                    node = node.next.computeIfAbsent(token.text().charAt(i), c -> new Node());
                }
                node.token = token;
            }
            onlySpecial = tokens.stream().allMatch(AddedToken::special);
        }

        boolean isEmpty() {
            return root.next.isEmpty();
        }

        private AddedToken longestAt(String text, int index) {
            AddedToken longest = null;
            Node node = root.next.get(text.charAt(index));
            for (int i = index + 1; node != null; i++) {
                longest = node.token == null ? longest : node.token;
                node = i < text.length() ? node.next.get(text.charAt(i)) : null;
            }
            return longest;
        }

        void split(String text, boolean allowSpecial, Consumer<String> ordinary, IntConsumer ids) {
            int done = 0;
            int index = onlySpecial && !allowSpecial ? text.length() : 0;
            while (index < text.length()) {
                AddedToken token = longestAt(text, index);
                if (token == null) {
                    index++;
                    continue;
                }
                int start = index;
                int end = start + token.text().length();
                index = end;
                if ((token.special() && !allowSpecial) || (token.singleWord() && !isWord(text, start, end))) {
                    continue;
                }
                start = token.stripsLeft() ? Math.max(done, startOfSpaceBefore(text, start)) : start;
                end = token.stripsRight() ? endOfSpaceAfter(text, end) : end;
                if (done < start) {
                    ordinary.accept(text.substring(done, start));
                }
                ids.accept(token.id());
                done = end;
            }
            if (done < text.length()) {
                ordinary.accept(text.substring(done));
            }
        }

        private static boolean isWord(String text, int start, int end) {
            return (start == 0 || !is(WORD, text.codePointBefore(start)))
                    && (end == text.length() || !is(WORD, text.codePointAt(end)));
        }

        private static int startOfSpaceBefore(String text, int index) {
            int start = index;
            while (start > 0 && is(WHITE_SPACE, text.charAt(start - 1))) {
                start--;
            }
            return start;
        }

        private static int endOfSpaceAfter(String text, int index) {
            int end = index;
            while (end < text.length() && is(WHITE_SPACE, text.charAt(end))) {
                end++;
            }
            return end;
        }

        private static boolean is(Pattern kind, int codePoint) {
            return kind.matcher(Character.toString(codePoint)).matches();
        }
    }

    private static final class Node {
        private final Map<Character, Node> next = new HashMap<>();
        private AddedToken token;
    }
}
