package io.flinkgpt2.tokenizer;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/** GPT-2's own vocabulary, loaded when it is first asked for. */
final class Gpt2Vocabulary {
    private static final int END_OF_TEXT_ID = 50256;

    /** The vocabulary with its merges. */
    static final BytePairModel MODEL = load();

    /** It with nothing beyond. */
    static final Tokenizer TOKENIZER = tokenizer();

    private Gpt2Vocabulary() {}

    private static BytePairModel load() {
        // JTokkit's encoding lends its ranks, which are the ids; its pattern depends on the JDK's Unicode version.
        Encoding ranked = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        byte[][] bytesOfRank = new byte[END_OF_TEXT_ID][];
        IntArrayList one = new IntArrayList(1);
        for (int rank = 0; rank < END_OF_TEXT_ID; rank++) {
            one.clear();
            one.add(rank);
            bytesOfRank[rank] = ranked.decodeBytes(one);
            vocabulary.put(ByteLevelAlphabet.spelling(bytesOfRank[rank]), rank);
        }
        vocabulary.put(Tokenizer.END_OF_TEXT, END_OF_TEXT_ID);
        String name = "gpt2";
        int[] idOfRank = IntStream.range(0, END_OF_TEXT_ID).toArray();
        BytePairEncoder encoder = new BytePairEncoder(name, bytesOfRank, idOfRank);
        return new BytePairModel(
                name, "GPT-2's own vocabulary", vocabulary, encoder, token -> !token.equals(Tokenizer.END_OF_TEXT));
    }

    private static Tokenizer tokenizer() {
        try {
            return BytePairTokenizer.of(MODEL, TokenizerSettings.NONE);
        } catch (InvalidVocabularyException e) {
            throw new IllegalStateException("the vocabulary in this program contradicts itself; build it again", e);
        }
    }
}
