package io.flinkgpt2.tokenizer;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import io.flinkgpt2.tokenizer.SpecialTokens.SpecialToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Byte-level BPE as GPT-2 has it: text to token ids and back. Immutable and safe for use by many threads.
 *
 * <p>Text is cut into pieces by GPT-2's pattern, each piece becomes UTF-8 bytes, and neighbouring tokens are merged,
 * lowest rank first, until no merge applies. Any well-formed text can be encoded and decodes to itself, except that a
 * vocabulary without tokens for some of the 256 bytes cannot encode text that needs them.
 *
 * <p>A special token is one that no bytes merge to, such as {@value #END_OF_TEXT}. Text that spells one is ordinary
 * text unless {@link #encode(String, boolean)} allows it.
 */
public final class Tokenizer {
    /** GPT-2's end-of-text token. */
    public static final String END_OF_TEXT = "<|endoftext|>";

    /** Far more than any word has, and little enough for its merges to take a few megabytes. */
    static final int LONGEST_STREAMED_PIECE = 1 << 16;

    private static final byte[] DIGEST_HEADER = "byte-level BPE, format 1\n".getBytes(StandardCharsets.US_ASCII);

    private final String name;
    private final BytePairEncoder encoder;
    private final TokenTable tokens;
    private final SpecialTokens specialTokens;
    private final OptionalInt endOfTextId;

    /**
     * @param ordinary id to bytes of the tokens that are not special
     * @param special text to id of those that are
     */
    private Tokenizer(
            String name, BytePairEncoder encoder, Map<Integer, byte[]> ordinary, Map<String, Integer> special) {
        this.name = name;
        this.encoder = encoder;
        SortedMap<Integer, byte[]> bytesOfId = new TreeMap<>(ordinary);
        special.forEach((text, id) -> bytesOfId.put(id, text.getBytes(StandardCharsets.UTF_8)));
        this.tokens = new TokenTable(name, bytesOfId, new HashSet<>(special.values()));
        this.specialTokens = new SpecialTokens(special);
        Integer endOfText = special.get(END_OF_TEXT);
        this.endOfTextId = endOfText == null ? OptionalInt.empty() : OptionalInt.of(endOfText);
    }

    /**
     * GPT-2's own tokenizer, the same as tiktoken's {@code gpt2}: ids 0..50256, of which 50256 is
     * {@value #END_OF_TEXT}. Loaded at the first call.
     */
    public static Tokenizer gpt2() {
        return Gpt2.INSTANCE;
    }

    /** Loads GPT-2's vocabulary when it is first asked for. */
    private static final class Gpt2 {
        private static final int END_OF_TEXT_ID = 50256;
        static final Tokenizer INSTANCE = load();

        private static Tokenizer load() {
            // JTokkit's encoding lends its ranks, which are the ids; its pattern depends on the JDK's Unicode version.
            Encoding ranked = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
            Map<Integer, byte[]> ordinary = new HashMap<>();
            byte[][] bytesOfRank = new byte[END_OF_TEXT_ID][];
            IntArrayList one = new IntArrayList(1);
            for (int rank = 0; rank < END_OF_TEXT_ID; rank++) {
                one.clear();
                one.add(rank);
                bytesOfRank[rank] = ranked.decodeBytes(one);
                ordinary.put(rank, bytesOfRank[rank]);
            }
            String name = "gpt2";
            int[] idOfRank = IntStream.range(0, END_OF_TEXT_ID).toArray();
            return new Tokenizer(
                    name,
                    new BytePairEncoder(name, bytesOfRank, idOfRank),
                    ordinary,
                    Map.of(END_OF_TEXT, END_OF_TEXT_ID));
        }
    }

    /**
     * Reads a model's own byte-level BPE.
     *
     * <p>{@code vocab.json} is a JSON object from token to id, the tokens spelled in GPT-2's byte-level alphabet; ids
     * need be neither in the order of the merges nor without holes, and single bytes may be missing. {@code merges.txt}
     * has one merge a line, the two tokens apart by a space, in rank order, after an optional {@code #version} line.
     * Entries of the vocabulary that are neither a byte nor made by a merge are special tokens, meant literally.
     * Source of the format: {@code encoder.json} and {@code vocab.bpe} of OpenAI's GPT-2 release.
     *
     * @throws InvalidVocabularyException if a file is not as described, or the two do not fit each other, or one is
     *     larger than 16 MiB or has more than 262,144 tokens or merges
     * @throws IOException if a file cannot be read
     */
    public static Tokenizer fromFiles(Path vocabJson, Path mergesTxt) throws IOException {
        Map<String, Integer> vocabulary = VocabularyFiles.readVocabulary(vocabJson);
        List<Merge> merges = VocabularyFiles.readMerges(mergesTxt);
        MergeRanks ranks = new MergeRanks(vocabJson.toString(), vocabulary, mergesTxt.toString(), merges);
        String name = vocabJson.getFileName() + "+" + mergesTxt.getFileName();
        return of(name, vocabulary, ranks, (token, id) -> !ranks.isOrdinary(token));
    }

    /**
     * The byte-level BPE that a model file has inside. Rules are those of {@link #fromFiles}, with one difference: where
     * {@link Vocabulary#specialIds} says which tokens are special, any other that is neither a byte nor made by a merge
     * is never the result of encoding, and decodes to the bytes it spells, or literally if it is not in the byte-level
     * alphabet.
     *
     * @throws InvalidVocabularyException if the tokens or merges are not as described, or do not fit each other
     */
    public static Tokenizer fromVocabulary(Vocabulary vocabulary) throws InvalidVocabularyException {
        Map<String, Integer> idOfToken = vocabulary.idOfToken();
        MergeRanks ranks = new MergeRanks(
                vocabulary.tokensSource(), idOfToken, vocabulary.mergesSource(), vocabulary.parsedMerges());
        BiPredicate<String, Integer> isSpecial = vocabulary
                .specialIds()
                .<BiPredicate<String, Integer>>map(ids -> (token, id) -> ids.contains(id))
                .orElse((token, id) -> !ranks.isOrdinary(token));
        return of(vocabulary.name(), idOfToken, ranks, isSpecial);
    }

    private static Tokenizer of(
            String name, Map<String, Integer> vocabulary, MergeRanks ranks, BiPredicate<String, Integer> isSpecial) {
        Map<Integer, byte[]> ordinary = new HashMap<>();
        Map<String, Integer> special = new HashMap<>();
        vocabulary.forEach((token, id) -> {
            if (isSpecial.test(token, id)) {
                special.put(token, id);
            } else {
                boolean spelled = ByteLevelAlphabet.indexOfForeignCharacter(token) < 0;
                ordinary.put(id, spelled ? ByteLevelAlphabet.bytesOf(token) : token.getBytes(StandardCharsets.UTF_8));
            }
        });
        return new Tokenizer(name, new BytePairEncoder(name, ranks.bytesOfRank(), ranks.idOfRank()), ordinary, special);
    }

    /** The vocabulary's name, for people: {@code gpt2}, or the names of its files. */
    public String name() {
        return name;
    }

    /** The highest token id + 1. Not every id below it need be assigned. */
    public int vocabularySize() {
        return tokens.size();
    }

    /**
     * Length of the vocabulary's longest token in bytes, 1 or more. Text of {@code n} bytes in UTF-8 therefore has at
     * least {@code n / longestTokenBytes()} tokens, rounded up, which tells that a text is too long without encoding it.
     */
    public int longestTokenBytes() {
        return tokens.longest();
    }

    /** Whether the vocabulary has a token of this id; for every other id, {@link #decode} and {@link #bytes} fail. */
    public boolean contains(int tokenId) {
        return tokens.contains(tokenId);
    }

    /** The id of {@value #END_OF_TEXT}, if the vocabulary has it as a special token. */
    public OptionalInt endOfTextId() {
        return endOfTextId;
    }

    /**
     * Token ids of {@code text}; what spells a special token is ordinary text.
     *
     * @throws IllegalArgumentException if {@code text} has a lone surrogate, or needs a byte for which the vocabulary
     *     has no token
     */
    public int[] encode(String text) {
        return encode(text, false);
    }

    /**
     * Token ids of {@code text}.
     *
     * @param allowSpecialTokens whether what spells a special token becomes that one id, the longest first where
     *     several begin at one place; else it is ordinary text
     * @throws IllegalArgumentException if {@code text} has a lone surrogate, or needs a byte for which the vocabulary
     *     has no token
     */
    public int[] encode(String text, boolean allowSpecialTokens) {
        requireWellFormed(text);
        if (!allowSpecialTokens) {
            return encoder.encode(text);
        }
        IntStream.Builder ids = IntStream.builder();
        encodeWithSpecialTokens(text, ordinary -> addAll(encoder.encode(ordinary), ids), ids);
        return ids.build().toArray();
    }

    /**
     * As {@link #encode(String, boolean)}, id by id, in memory that does not grow with the text: for text of any length.
     *
     * @throws IllegalArgumentException also if more than {@value #LONGEST_STREAMED_PIECE} characters that no border of
     *     GPT-2's pattern divides stand in a row, for the work and memory of merging grow with them
     */
    public void encode(String text, boolean allowSpecialTokens, IntConsumer ids) {
        requireWellFormed(text);
        Consumer<String> ordinary = part -> encoder.encode(part, LONGEST_STREAMED_PIECE, ids);
        if (allowSpecialTokens) {
            encodeWithSpecialTokens(text, ordinary, ids);
        } else {
            ordinary.accept(text);
        }
    }

    private static void requireWellFormed(String text) {
        int loneSurrogate = Utf8.indexOfLoneSurrogate(text);
        if (loneSurrogate >= 0) {
            throw new IllegalArgumentException(String.format(
                    "the text has the lone surrogate U+%04X at index %d of %d and so no UTF-8 form; replace it, for"
                            + " example by U+FFFD",
                    (int) text.charAt(loneSurrogate), loneSurrogate, text.length()));
        }
    }

    /** Feeds the ids of the special tokens, and the text between them, in order. */
    private void encodeWithSpecialTokens(String text, Consumer<String> ordinary, IntConsumer ids) {
        int ordinaryStart = 0;
        int index = 0;
        while (index < text.length()) {
            Optional<SpecialToken> special = specialTokens.longestAt(text, index);
            if (special.isEmpty()) {
                index++;
                continue;
            }
            ordinary.accept(text.substring(ordinaryStart, index));
            ids.accept(special.get().id());
            index += special.get().text().length();
            ordinaryStart = index;
        }
        ordinary.accept(text.substring(ordinaryStart));
    }

    private static void addAll(int[] source, IntConsumer target) {
        for (int id : source) {
            target.accept(id);
        }
    }

    /**
     * The text of a whole sequence. Where its bytes are not UTF-8, every maximal ill-formed subpart becomes one U+FFFD,
     * as the Unicode Standard recommends (3.9) and tiktoken does.
     *
     * @throws IllegalArgumentException if the vocabulary has no such id
     */
    public String decode(int... tokenIds) {
        StringBuilder text = new StringBuilder();
        Utf8 utf8 = new Utf8();
        for (int tokenId : tokenIds) {
            tokens.decode(tokenId, utf8, text);
        }
        utf8.finish(text);
        return text.toString();
    }

    /**
     * The bytes that a token stands for, which need not be whole characters; a new array. Those of a special token are
     * its text.
     *
     * @throws IllegalArgumentException if the vocabulary has no such id
     */
    public byte[] bytes(int tokenId) {
        return tokens.bytes(tokenId);
    }

    /** A decoder for one sequence that comes token by token. */
    public StreamingDecoder streamingDecoder() {
        return new StreamingDecoder(tokens);
    }

    /**
     * Feeds all that decides what this tokenizer does: every token with its id, and the order of the merges. Tokenizers
     * that encode and decode alike feed the same, however they were loaded and named: {@link #gpt2()} and GPT-2's
     * published files do.
     */
    public void updateDigest(MessageDigest digest) {
        digest.update(DIGEST_HEADER);
        tokens.updateDigest(digest);
        encoder.updateDigest(digest);
    }
}
