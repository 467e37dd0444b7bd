package io.flinkgpt2.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The tokens of a vocabulary that no bytes merge to, by their text. Immutable. */
final class SpecialTokens {

    /**
     * @param text as it is spelled in a prompt; not empty
     * @param id its token id
     */
    record SpecialToken(String text, int id) {}

    private final Map<Character, List<SpecialToken>> longestFirstByFirstCharacter = new HashMap<>();

    SpecialTokens(Map<String, Integer> idOfText) {
        idOfText.forEach((text, id) -> longestFirstByFirstCharacter
                .computeIfAbsent(text.charAt(0), first -> new ArrayList<>())
                .add(new SpecialToken(text, id)));
        longestFirstByFirstCharacter
                .values()
                .forEach(tokens -> tokens.sort(Comparator.comparingInt(
                                (SpecialToken token) -> token.text().length())
                        .reversed()));
    }

    /** The longest special token that {@code text} spells from {@code index} on. */
    Optional<SpecialToken> longestAt(String text, int index) {
        for (SpecialToken token : longestFirstByFirstCharacter.getOrDefault(text.charAt(index), List.of())) {
            if (text.startsWith(token.text(), index)) {
                return Optional.of(token);
            }
        }
        return Optional.empty();
    }
}
