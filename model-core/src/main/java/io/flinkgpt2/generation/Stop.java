package io.flinkgpt2.generation;

/**
 * The end of a sequence.
 *
 * @param reason what ended it
 * @param string the text that ended it, for {@link StopReason#STOP_STRING}; else null
 * @param tokenId the id that ended it, for {@link StopReason#STOP_TOKEN}; else -1
 * @param tokens number of generated tokens that are part of it; -1: all
 * @param textEnd number of chars of their text that are part of it; -1: all
 */
record Stop(StopReason reason, String string, int tokenId, int tokens, int textEnd) {

    private static final int ALL = -1;

    /** Returns an end that leaves everything as it is. */
    static Stop of(StopReason reason) {
        return new Stop(reason, null, -1, ALL, ALL);
    }

    static Stop atToken(int tokenId) {
        return new Stop(StopReason.STOP_TOKEN, null, tokenId, ALL, ALL);
    }

    static Stop atString(String string, int tokens, int textEnd) {
        return new Stop(StopReason.STOP_STRING, string, -1, tokens, textEnd);
    }

    /** Returns whether a token ended it, which need not be part of it. */
    boolean endsAtToken() {
        return reason == StopReason.END_OF_TEXT || reason == StopReason.STOP_TOKEN;
    }

    /** Returns the part of a text that belongs to the sequence. */
    String cut(String text) {
        return textEnd == ALL ? text : text.substring(0, textEnd);
    }

    /** Returns how many of so many generated tokens belong to the sequence. */
    int cut(int generated) {
        return tokens == ALL ? generated : tokens;
    }
}
