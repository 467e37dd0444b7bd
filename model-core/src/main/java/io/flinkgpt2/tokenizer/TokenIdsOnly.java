package io.flinkgpt2.tokenizer;

import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/** The tokenizer of a model whose text cannot be encoded here: it takes no text, and its ids have none. */
final class TokenIdsOnly implements Tokenizer {

    private final String reason;

    /** @param reason a clause that says why, such as {@code it has no vocab.json} */
    TokenIdsOnly(String reason) {
        this.reason = reason;
    }

    @Override
    public String name() {
        return "none";
    }

    @Override
    public String toString() {
        return "Tokenizer[" + refusalOfText().orElseThrow() + "]";
    }

    @Override
    public Optional<String> refusalOfText() {
        return Optional.of("this model takes token ids only: " + reason);
    }

    private IllegalArgumentException refused() {
        return new IllegalArgumentException(refusalOfText().orElseThrow() + "; give the prompt as token ids");
    }

    @Override
    public int vocabularySize() {
        return 0;
    }

    @Override
    public int mergedVocabularySize() {
        return 0;
    }

    @Override
    public int longestTokenBytes() {
        return Integer.MAX_VALUE;
    }

    @Override
    public boolean contains(int tokenId) {
        return false;
    }

    @Override
    public boolean isAdded(int tokenId) {
        return false;
    }

    @Override
    public boolean addsPrefixSpace() {
        return false;
    }

    @Override
    public OptionalInt endOfTextId() {
        return OptionalInt.empty();
    }

    @Override
    public int[] encode(String text, boolean allowSpecialTokens) {
        throw refused();
    }

    @Override
    public void encode(String text, boolean allowSpecialTokens, IntConsumer ids) {
        throw refused();
    }

    @Override
    public byte[] bytes(int tokenId) {
        throw refused();
    }

    @Override
    public StreamingDecoder streamingDecoder(boolean skipSpecialTokens) {
        return new StreamingDecoder(TokenTable.EMPTY, skipSpecialTokens);
    }

    /** Feeds what {@link Tokenizer#gpt2()} feeds: such models have the revision that they had when it stood in for theirs. */
    @Override
    public void updateDigest(MessageDigest digest) {
        Tokenizer.gpt2().updateDigest(digest);
    }
}
