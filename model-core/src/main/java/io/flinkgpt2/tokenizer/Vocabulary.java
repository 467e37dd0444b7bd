package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;
import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A byte-level BPE as lists, as model files with a vocabulary inside hold it; see {@link Tokenizer#fromVocabulary}.
 *
 * @param name the vocabulary's name, for people
 * @param tokensSource what messages call the list of tokens, such as {@code gpt2.gguf, tokenizer.ggml.tokens}
 * @param tokens the token of each id, spelled in GPT-2's byte-level alphabet; special tokens literally
 * @param mergesSource what messages call the list of merges
 * @param merges in rank order, each two tokens with one space between them
 * @param kinds the kind of each token; if empty, what is neither a byte nor made by a merge is special
 * @param beginningId id of the token that stands before every text, if one does
 */
public record Vocabulary(
        String name,
        String tokensSource,
        List<String> tokens,
        String mergesSource,
        List<String> merges,
        Optional<List<Kind>> kinds,
        OptionalInt beginningId) {

    /** The kind of a token. */
    public enum Kind {
        /** Encoding gives it only if it is a byte or made by a merge. */
        ORDINARY,
        /** Found in a text that allows special tokens, and left out of answers. */
        SPECIAL,
        /** Found in every text. */
        ADDED,
        /** It fills a hole, and decodes to nothing. */
        UNUSED
    }

    public Vocabulary {
        tokens = List.copyOf(tokens);
        merges = List.copyOf(merges);
        kinds = kinds.map(List::copyOf);
    }

    private Kind kind(int id) {
        return kinds.map(all -> all.get(id)).orElse(Kind.ORDINARY);
    }

    /** Returns the settings that follow from the kinds. */
    TokenizerSettings settings() {
        List<AddedToken> added = IntStream.range(0, tokens.size())
                .filter(id -> !tokens.get(id).isEmpty())
                .filter(id -> kind(id) == Kind.SPECIAL || kind(id) == Kind.ADDED)
                .mapToObj(id -> kind(id) == Kind.SPECIAL
                        ? AddedToken.special(tokens.get(id), id)
                        : AddedToken.always(tokens.get(id), id))
                .toList();
        List<String> prefix = beginningId.isPresent() ? List.of(tokens.get(beginningId.getAsInt())) : List.of();
        return new TokenizerSettings(added, kinds.isEmpty(), false, prefix, tokensSource);
    }

    /** Token to id, in the order of the ids, without unused and empty ones: those have no text. */
    Map<String, Integer> idOfToken() throws InvalidVocabularyException {
        if (tokens.isEmpty()) {
            throw new InvalidVocabularyException(tokensSource, "no tokens", "at least one token", GET_AGAIN);
        }
        Map<String, Integer> idOfToken = new LinkedHashMap<>();
        for (int id = 0; id < tokens.size(); id++) {
            String token = tokens.get(id);
            if (token.isEmpty() || kind(id) == Kind.UNUSED) {
                continue;
            }
            if (Utf8.indexOfLoneSurrogate(token) >= 0) {
                throw new InvalidVocabularyException(
                        tokensSource,
                        "a token with a lone surrogate at index " + id,
                        "tokens that can be written in UTF-8",
                        GET_AGAIN);
            }
            Integer other = idOfToken.put(token, id);
            if (other != null) {
                throw new InvalidVocabularyException(
                        tokensSource,
                        "the token " + quote(token) + " at both " + other + " and " + id,
                        "every token once",
                        GET_AGAIN);
            }
        }
        return idOfToken;
    }

    /** Returns the merges, each of which knows its index. */
    List<Merge> parsedMerges() throws InvalidVocabularyException {
        if (merges.isEmpty()) {
            throw new InvalidVocabularyException(mergesSource, "no merges", "at least one merge", GET_AGAIN);
        }
        List<Merge> parsed = new ArrayList<>(merges.size());
        for (int index = 0; index < merges.size(); index++) {
            parsed.add(Merge.parse(merges.get(index), mergesSource, "at index " + index));
        }
        return parsed;
    }
}
