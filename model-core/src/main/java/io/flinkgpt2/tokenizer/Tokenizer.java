package io.flinkgpt2.tokenizer;

import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/**
 * Text to token ids and back. Immutable and safe for use by many threads.
 *
 * <p>A tokenizer is byte-level BPE as GPT-2 has it: text is cut at its added tokens, then into pieces by GPT-2's pattern,
 * each piece becomes UTF-8 bytes, and neighbouring tokens are merged, lowest rank first, until no merge applies. Or it
 * takes {@linkplain #tokenIdsOnly no text}, for the model's own is of another kind or missing.
 *
 * <p>An added token is one that is looked for in the text as it stands. A special one, such as {@value #END_OF_TEXT}, is
 * found only where {@link #encode(String, boolean)} allows it; else it is ordinary text.
 */
public sealed interface Tokenizer permits BytePairTokenizer, TokenIdsOnly {
    /** GPT-2's end-of-text token. */
    String END_OF_TEXT = "<|endoftext|>";

    /**
     * GPT-2's own tokenizer, the same as tiktoken's {@code gpt2}: ids 0..50256, of which 50256 is
     * {@value #END_OF_TEXT}. Loaded at the first call.
     */
    static Tokenizer gpt2() {
        return Gpt2Vocabulary.TOKENIZER;
    }

    /**
     * Returns a model's own byte-level BPE of two files. {@link TokenizerDirectory} reads what stands beside them too.
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
    static Tokenizer fromFiles(Path vocabJson, Path mergesTxt) throws IOException {
        BytePairModel model = BytePairModel.of(
                vocabJson.getFileName() + "+" + mergesTxt.getFileName(),
                vocabJson.toString(),
                VocabularyFiles.readVocabulary(vocabJson),
                mergesTxt.toString(),
                VocabularyFiles.readMerges(mergesTxt));
        return BytePairTokenizer.of(model, TokenizerSettings.NONE);
    }

    /**
     * Returns the byte-level BPE that a model file has inside. Rules are those of {@link #fromFiles}; where the
     * {@link Vocabulary} says which tokens are special, no other is.
     *
     * @throws InvalidVocabularyException if the tokens or merges are not as described, or do not fit each other
     */
    static Tokenizer fromVocabulary(Vocabulary vocabulary) throws InvalidVocabularyException {
        BytePairModel model = BytePairModel.of(
                vocabulary.name(),
                vocabulary.tokensSource(),
                vocabulary.idOfToken(),
                vocabulary.mergesSource(),
                vocabulary.parsedMerges());
        return BytePairTokenizer.of(model, vocabulary.settings());
    }

    /**
     * Returns the tokenizer of a model that takes token ids only: encoding fails with the reason, and every id decodes to
     * nothing.
     *
     * @param reason a clause that says why, such as {@code its tokenizer is vocab.txt, which is not byte-level BPE}
     */
    static Tokenizer tokenIdsOnly(String reason) {
        return new TokenIdsOnly(reason);
    }

    /** Returns the vocabulary's name, for people: {@code gpt2}, or the names of its files. */
    String name();

    /** Returns why this tokenizer takes no text, as a sentence without its end; empty if it does. */
    Optional<String> refusalOfText();

    /** Returns the highest token id + 1; 0 if there are no tokens. Not every id below it need be assigned. */
    int vocabularySize();

    /** Returns the highest id + 1 of the tokens that are not {@linkplain #isAdded added}; 0 if there are none. */
    int mergedVocabularySize();

    /**
     * Returns the most bytes of text that one token stands for, 1 or more. Text of {@code n} bytes in UTF-8 therefore has at
     * least {@code n / longestTokenBytes()} tokens, rounded up, which tells that a text is too long without encoding it.
     * {@code Integer.MAX_VALUE} if there is no such number, for a token takes the white space beside it.
     */
    int longestTokenBytes();

    /** Returns whether the vocabulary has a token of this id; every other id decodes to nothing. */
    boolean contains(int tokenId);

    /** Returns whether an id is that of an added token. */
    boolean isAdded(int tokenId);

    /** Returns whether text that does not begin with a space is encoded as if it did. */
    boolean addsPrefixSpace();

    /** Returns the id of {@value #END_OF_TEXT}, if the vocabulary has it as a special token. */
    OptionalInt endOfTextId();

    /** {@link #encode(String, boolean)} of a text in which special tokens are ordinary text. */
    default int[] encode(String text) {
        return encode(text, false);
    }

    /**
     * Token ids of {@code text} as a prompt: they begin with the tokens that the model's tokenizer puts before every text,
     * if it does.
     *
     * @param allowSpecialTokens whether what spells a special token becomes that one id; else it is ordinary text
     * @throws IllegalArgumentException if {@code text} has a lone surrogate, or needs a byte for which the vocabulary
     *     has no token, or this tokenizer takes no text; a sentence that says so and what to do
     */
    int[] encode(String text, boolean allowSpecialTokens);

    /**
     * As {@link #encode(String, boolean)}, id by id, in memory that does not grow with the number of tokens: for text of any
     * length.
     *
     * @throws IllegalArgumentException also if more than {@value BytePairTokenizer#LONGEST_STREAMED_PIECE} characters that no
     *     border of GPT-2's pattern divides stand in a row, for the work and memory of merging grow with them
     */
    void encode(String text, boolean allowSpecialTokens, IntConsumer ids);

    /** {@link #decode(boolean, int...)} with the text of special tokens. */
    default String decode(int... tokenIds) {
        return decode(false, tokenIds);
    }

    /**
     * Returns the text of a whole sequence; an id without a token has none. Where the bytes are not UTF-8, every maximal
     * ill-formed subpart becomes one U+FFFD, as the Unicode Standard recommends (3.9) and tiktoken does.
     *
     * @param skipSpecialTokens whether special tokens are left out
     */
    default String decode(boolean skipSpecialTokens, int... tokenIds) {
        StringBuilder text = new StringBuilder();
        StreamingDecoder decoder = streamingDecoder(skipSpecialTokens);
        for (int tokenId : tokenIds) {
            text.append(decoder.accept(tokenId));
        }
        return text.append(decoder.finish()).toString();
    }

    /**
     * Returns the bytes that a token stands for, which need not be whole characters; a new array. Those of an added token are
     * its text.
     *
     * @throws IllegalArgumentException if the vocabulary has no such id
     */
    byte[] bytes(int tokenId);

    /** Returns a decoder for one sequence that comes token by token; special tokens have their text. */
    default StreamingDecoder streamingDecoder() {
        return streamingDecoder(false);
    }

    /** Returns a decoder for one sequence that comes token by token, with or without special tokens. */
    StreamingDecoder streamingDecoder(boolean skipSpecialTokens);

    /**
     * Feeds all that decides what this tokenizer does: every token with its id, the order of the merges, and what it does to
     * a text beyond that. Tokenizers that encode and decode alike feed the same, however they were loaded and named:
     * {@link #gpt2()} and GPT-2's published files do.
     */
    void updateDigest(MessageDigest digest);
}
