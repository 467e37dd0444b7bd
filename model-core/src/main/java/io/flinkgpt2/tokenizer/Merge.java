package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;
import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

/**
 * One merge of a byte-level BPE: two neighbouring tokens become one.
 *
 * @param place where the merge stands in its list, for messages: {@code in line 7}
 * @param left the left token, spelled in {@link ByteLevelAlphabet}; not empty
 * @param right the right token, likewise
 */
record Merge(String place, String left, String right) {

    /**
     * Returns a merge as it is written: two tokens with one space between them.
     *
     * @param source what messages call the list of merges
     */
    static Merge parse(String content, String source, String place) throws InvalidVocabularyException {
        int space = content.indexOf(' ');
        if (space <= 0 || space == content.length() - 1 || content.indexOf(' ', space + 1) >= 0) {
            throw new InvalidVocabularyException(
                    source, quote(content) + " " + place, "two tokens with one space between them", GET_AGAIN);
        }
        return of(content.substring(0, space), content.substring(space + 1), source, place);
    }

    /**
     * Returns a merge of two tokens.
     *
     * @param source what messages call the list of merges
     */
    static Merge of(String left, String right, String source, String place) throws InvalidVocabularyException {
        if (left.isEmpty() || right.isEmpty()) {
            throw new InvalidVocabularyException(source, "an empty token " + place, "two tokens with text", GET_AGAIN);
        }
        Merge merge = new Merge(place, left, right);
        String wrong = ByteLevelAlphabet.indexOfForeignCharacter(merge.left) >= 0 ? merge.left : merge.right;
        int foreign = ByteLevelAlphabet.indexOfForeignCharacter(wrong);
        if (foreign >= 0) {
            throw new InvalidVocabularyException(
                    source,
                    String.format("the character U+%04X %s", wrong.codePointAt(foreign), place),
                    "only the 256 characters that stand for bytes (a space is written U+0120)",
                    "Only byte-level BPE, as GPT-2 has it, is supported; " + GET_AGAIN);
        }
        return merge;
    }

    /** As it is written in a file. */
    String written() {
        return left + ' ' + right;
    }

    String result() {
        return left + right;
    }
}
