package io.flinkgpt2.tokenizer;

/**
 * Decodes one sequence token by token, without ever showing half a character: a token may end inside a character, and
 * its last bytes are then held back until the next tokens complete it. For any ids, what {@link #accept} returned, put
 * together with what {@link #finish} returns, is {@link Tokenizer#decode} of all of them.
 *
 * <p>Mutable, for one sequence and one thread at a time.
 */
public final class StreamingDecoder {
    private final TokenTable tokens;
    private final boolean skipSpecialTokens;
    private final Utf8 utf8;
    private final StringBuilder completed = new StringBuilder();

    StreamingDecoder(TokenTable tokens, boolean skipSpecialTokens) {
        this(tokens, skipSpecialTokens, new Utf8());
    }

    private StreamingDecoder(TokenTable tokens, boolean skipSpecialTokens, Utf8 utf8) {
        this.tokens = tokens;
        this.skipSpecialTokens = skipSpecialTokens;
        this.utf8 = utf8;
    }

    /** Returns a decoder for another sequence with the same tokens so far. */
    public StreamingDecoder fork() {
        return new StreamingDecoder(tokens, skipSpecialTokens, utf8.fork());
    }

    /**
     * Takes the next token; an id without a token has no text. Bytes that cannot become a character any more come out as
     * U+FFFD at once.
     *
     * @return the text that this token completed; empty if it only began or continued a character
     */
    public String accept(int tokenId) {
        tokens.decode(tokenId, skipSpecialTokens, utf8, completed);
        return takeCompleted();
    }

    /**
     * Ends the sequence. The decoder is then ready for another one.
     *
     * @return U+FFFD if an unfinished character was held back, else the empty string
     */
    public String finish() {
        utf8.finish(completed);
        return takeCompleted();
    }

    /** Forgets what is held back; the decoder is then ready for another sequence. */
    public void reset() {
        utf8.reset();
    }

    private String takeCompleted() {
        String text = completed.toString();
        completed.setLength(0);
        return text;
    }
}
