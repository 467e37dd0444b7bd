package io.flinkgpt2.tokenizer;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingRegistry;
import com.knuddels.jtokkit.api.GptBytePairEncodingParams;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;

/** Ordinary text to token ids: {@link SplitPattern} cuts, JTokkit merges, a table maps its ranks to ids. Immutable. */
final class BytePairEncoder {
    /** Stands for the id of a rank that has none. */
    static final int NO_ID = -1;

    private static final int BYTES = 256;

    private final String name;
    private final Encoding ranks;
    private final int[] idOfRank;

    /**
     * @param name the vocabulary's name, for messages
     * @param bytesOfRank byte string of each rank, or null where a rank is not in use; ranks 0..255 are the single
     *     bytes, in any order
     * @param idOfRank token id of each rank, or {@link #NO_ID}; ranks from 256 on that are in use have one
     */
    // JTokkit wants arrays as keys; it only goes through the entries, in their order.
    @SuppressWarnings("ArrayAsKeyOfSetOrMap")
    BytePairEncoder(String name, byte[][] bytesOfRank, int[] idOfRank) {
        this.name = name;
        Map<byte[], Integer> rankOfBytes = new LinkedHashMap<>();
        for (int rank = 0; rank < bytesOfRank.length; rank++) {
            if (bytesOfRank[rank] != null) {
                rankOfBytes.put(bytesOfRank[rank], rank);
            }
        }
        this.idOfRank = idOfRank.clone();
        EncodingRegistry registry = Encodings.newLazyEncodingRegistry();
        registry.registerGptBytePairEncoding(
                new GptBytePairEncodingParams(name, SplitPattern.GPT2, rankOfBytes, Map.of()));
        this.ranks = registry.getEncoding(name).orElseThrow();
    }

    /** Token ids of {@code text}, which has no lone surrogates. */
    int[] encode(String text) {
        int[] ids = ranks.encodeOrdinary(text).toArray();
        for (int i = 0; i < ids.length; i++) {
            int rank = ids[i];
            ids[i] = idOfRank[rank];
            if (ids[i] == NO_ID) {
                throw new IllegalArgumentException(String.format(
                        "the text needs the byte 0x%02X, for which the vocabulary %s has no token; leave the character"
                                + " out, or use a model whose vocabulary has all 256 bytes",
                        rank, name));
            }
        }
        return ids;
    }

    /**
     * Feeds the token ids of {@code text}, which has no lone surrogates, section by section: memory does not grow with the
     * text. The pieces are those of the whole text, since a section ends where a piece does, and no piece looks back.
     *
     * @throws IllegalArgumentException also if a piece is longer than {@code longestPiece} characters
     */
    void encode(String text, int longestPiece, IntConsumer ids) {
        Matcher pieces = SplitPattern.GPT2.matcher(text);
        int start = 0;
        int end = 0;
        while (pieces.find()) {
            int length = pieces.end() - pieces.start();
            if (length > longestPiece) {
                throw new IllegalArgumentException("the text has " + length + " characters in one piece at index "
                        + pieces.start() + " (letters, digits, signs or white space alone), expected at most "
                        + longestPiece + " in a text of this length; break it up, or shorten the text");
            }
            if (pieces.end() - start > longestPiece) {
                feed(text.substring(start, end), ids);
                start = end;
            }
            end = pieces.end();
        }
        feed(text.substring(start), ids);
    }

    private void feed(String section, IntConsumer ids) {
        for (int id : encode(section)) {
            ids.accept(id);
        }
    }

    /** Feeds the ids of the tokens of two bytes and more, in the order of their ranks. */
    void updateDigest(MessageDigest digest) {
        ByteBuffer buffer = ByteBuffer.allocate(Integer.BYTES);
        for (int rank = BYTES; rank < idOfRank.length; rank++) {
            if (idOfRank[rank] != NO_ID) {
                buffer.clear();
                digest.update(buffer.putInt(idOfRank[rank]).flip());
            }
        }
    }
}
