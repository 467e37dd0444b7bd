package io.flinkgpt2.tokenizer;

import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A vocabulary and the merges that go with it.
 *
 * @param name for people
 * @param source what messages call the vocabulary
 * @param vocabulary token to id, spelled in the byte-level alphabet
 * @param encoder of text without added tokens
 * @param isOrdinary whether a token is a byte or made by a merge
 */
record BytePairModel(
        String name,
        String source,
        Map<String, Integer> vocabulary,
        BytePairEncoder encoder,
        Predicate<String> isOrdinary) {

    /**
     * @param vocabularySource what messages call the vocabulary
     * @param mergesSource what messages call the merges
     * @throws InvalidVocabularyException if the two do not fit each other
     */
    static BytePairModel of(
            String name,
            String vocabularySource,
            Map<String, Integer> vocabulary,
            String mergesSource,
            List<Merge> merges)
            throws InvalidVocabularyException {
        MergeRanks ranks = new MergeRanks(vocabularySource, vocabulary, mergesSource, merges);
        BytePairEncoder encoder = new BytePairEncoder(name, ranks.bytesOfRank(), ranks.idOfRank());
        return new BytePairModel(name, vocabularySource, vocabulary, encoder, ranks::isOrdinary);
    }
}
