package io.flinkgpt2.tokenizer;

/**
 * One merge of a byte-level BPE: two neighbouring tokens become one.
 *
 * @param line 1-based line of {@code merges.txt}
 * @param left the left token, spelled in {@link ByteLevelAlphabet}; not empty
 * @param right the right token, likewise
 */
record Merge(int line, String left, String right) {
    String result() {
        return left + right;
    }
}
