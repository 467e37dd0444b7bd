package io.flinkgpt2.tokenizer;

/**
 * A token that is looked for in a text before the byte pair encoding, as the tokenizers library does.
 *
 * @param text as it stands in a prompt and in an answer
 * @param id its token id
 * @param special whether it is found only where a request allows special tokens, and left out of answers
 * @param singleWord whether it is found only where no word character stands beside it
 * @param stripsLeft whether it takes the white space before it
 * @param stripsRight whether it takes the white space after it
 * @param normalized whether it is looked for after all tokens that are not normalized
 */
record AddedToken(
        String text,
        int id,
        boolean special,
        boolean singleWord,
        boolean stripsLeft,
        boolean stripsRight,
        boolean normalized) {

    /** Returns a special token with no other trait. */
    static AddedToken special(String text, int id) {
        return new AddedToken(text, id, true, false, false, false, false);
    }

    /** Returns a token that is found in every text, with no other trait. */
    static AddedToken always(String text, int id) {
        return new AddedToken(text, id, false, false, false, false, false);
    }

    /** Returns this token as a special one. */
    AddedToken asSpecial() {
        return new AddedToken(text, id, true, singleWord, stripsLeft, stripsRight, normalized);
    }

    boolean strips() {
        return stripsLeft || stripsRight;
    }
}
