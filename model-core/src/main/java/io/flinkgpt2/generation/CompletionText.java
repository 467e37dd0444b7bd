package io.flinkgpt2.generation;

import io.flinkgpt2.tokenizer.StreamingDecoder;
import io.flinkgpt2.tokenizer.Tokenizer;

/** The text of generated ids. */
final class CompletionText {

    private static final String REPLACEMENT = "\uFFFD";

    private CompletionText() {}

    /** A model may have ids that its tokenizer has not; those have no text and are shown as U+FFFD. */
    static String of(Tokenizer tokenizer, int[] tokenIds) {
        StringBuilder text = new StringBuilder();
        StreamingDecoder decoder = tokenizer.streamingDecoder();
        for (int tokenId : tokenIds) {
            if (tokenizer.contains(tokenId)) {
                text.append(decoder.accept(tokenId));
            } else {
                text.append(decoder.finish()).append(REPLACEMENT);
            }
        }
        return text.append(decoder.finish()).toString();
    }
}
