package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;
import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The settings that transformers keeps beside a vocabulary: {@code tokenizer_config.json}, {@code special_tokens_map.json} and
 * {@code added_tokens.json}. Each may be missing. As in transformers, an {@code added_tokens_decoder} in the first stands for
 * the other two.
 *
 * @param file {@code tokenizer_config.json}
 * @param tokenizerClass the class of transformers that reads the vocabulary
 * @param prefixSpace {@code add_prefix_space}
 * @param beginning the token that stands before every text, by {@code add_bos_token}
 * @param special the special tokens by their role, with traits; their ids mean nothing
 * @param legacyTokens those of {@code added_tokens.json}
 * @param decoderTokens those of {@code added_tokens_decoder}, if there is one
 */
record TokenizerConfig(
        Path file,
        Optional<String> tokenizerClass,
        Optional<Boolean> prefixSpace,
        Optional<String> beginning,
        Map<String, AddedToken> special,
        List<AddedToken> legacyTokens,
        Optional<List<AddedToken>> decoderTokens) {

    static final String FILE = "tokenizer_config.json";
    static final String SPECIAL_TOKENS = "special_tokens_map.json";
    static final String ADDED_TOKENS = "added_tokens.json";

    private static final String BEGINNING = "bos_token";
    private static final List<String> ROLES =
            List.of(BEGINNING, "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");
    private static final List<String> LISTS = List.of("additional_special_tokens", "extra_special_tokens");

    /** Reads the files of a directory. */
    static TokenizerConfig read(Path directory) throws IOException {
        Path file = directory.resolve(FILE);
        JsonNode config = readIfThere(file);
        JsonNode decoder = config.path("added_tokens_decoder");
        Map<String, AddedToken> special = new LinkedHashMap<>();
        addSpecial(config, file, special);
        Optional<List<AddedToken>> decoderTokens = Optional.empty();
        List<AddedToken> legacy = List.of();
        if (decoder.isObject()) {
            decoderTokens = Optional.of(decoderTokens(decoder, file));
        } else {
            Path map = directory.resolve(SPECIAL_TOKENS);
            addSpecial(readIfThere(map), map, special);
            legacy = legacyTokens(directory.resolve(ADDED_TOKENS));
        }
        Optional<String> beginning = flag(config, "add_bos_token", file).orElse(false)
                ? Optional.of(
                        special.containsKey(BEGINNING) ? special.get(BEGINNING).text() : Tokenizer.END_OF_TEXT)
                : Optional.empty();
        return new TokenizerConfig(
                file,
                Optional.ofNullable(config.path("tokenizer_class").textValue()),
                flag(config, "add_prefix_space", file),
                beginning,
                special,
                legacy,
                decoderTokens);
    }

    private static JsonNode readIfThere(Path file) throws IOException {
        return Files.exists(file) ? JsonText.readObject(file) : MissingNode.getInstance();
    }

    private static Optional<Boolean> flag(JsonNode config, String name, Path file) throws InvalidVocabularyException {
        JsonNode value = config.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isBoolean()) {
            throw new InvalidVocabularyException(
                    file,
                    "the value " + VocabularyFiles.abbreviate(value.toString()) + " of " + name,
                    "true or false",
                    GET_AGAIN);
        }
        return Optional.of(value.booleanValue());
    }

    private static void addSpecial(JsonNode source, Path file, Map<String, AddedToken> special)
            throws InvalidVocabularyException {
        for (String role : ROLES) {
            addSpecial(role, source.path(role), file, special);
        }
        for (String list : LISTS) {
            int index = 0;
            for (JsonNode token : source.path(list)) {
                addSpecial(list + index++, token, file, special);
            }
        }
    }

    private static void addSpecial(String role, JsonNode token, Path file, Map<String, AddedToken> special)
            throws InvalidVocabularyException {
        JsonNode content = token.isObject() ? token.path("content") : token;
        if (!content.isTextual() || content.textValue().isEmpty()) {
            return;
        }
        String text = AddedTokenJson.requireText(content.textValue(), file);
        special.put(
                role,
                new AddedToken(
                        text,
                        0,
                        true,
                        token.path("single_word").asBoolean(),
                        token.path("lstrip").asBoolean(),
                        token.path("rstrip").asBoolean(),
                        token.path("normalized").asBoolean()));
    }

    private static List<AddedToken> decoderTokens(JsonNode decoder, Path file) throws InvalidVocabularyException {
        List<AddedToken> tokens = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : decoder.properties()) {
            String key = entry.getKey();
            // Ten digits hold every id, and more than an int.
            if (!key.matches("[0-9]{1,10}")) {
                throw new InvalidVocabularyException(
                        file, "the id " + quote(key) + " in added_tokens_decoder", "a whole number", GET_AGAIN);
            }
            JsonNode id = LongNode.valueOf(Long.parseLong(key));
            AddedTokenJson.read(entry.getValue(), id, file).ifPresent(tokens::add);
        }
        return tokens;
    }

    /** Special or not is told by {@link #special}. */
    private static List<AddedToken> legacyTokens(Path file) throws IOException {
        List<AddedToken> tokens = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : readIfThere(file).properties()) {
            String text = AddedTokenJson.requireText(entry.getKey(), file);
            int id = AddedTokenJson.requireId(entry.getValue(), text, file);
            if (!text.isEmpty()) {
                tokens.add(new AddedToken(text, id, false, false, false, false, true));
            }
        }
        return tokens;
    }

    /** Returns whether the files say which tokens are special, so that no other is. */
    boolean declares() {
        return decoderTokens.isPresent();
    }

    /**
     * Returns all declared tokens, of which the later source decides: {@code added_tokens.json}, {@code tokenizer.json},
     * {@code added_tokens_decoder}. Special tokens that none of them has are taken from the vocabulary.
     *
     * @param fromTokenizerJson those of {@code tokenizer.json}
     */
    List<AddedToken> addedTokens(List<AddedToken> fromTokenizerJson, Map<String, Integer> vocabulary)
            throws InvalidVocabularyException {
        Map<String, AddedToken> byText = new LinkedHashMap<>();
        for (List<AddedToken> source : List.of(legacyTokens, fromTokenizerJson, decoderTokens.orElse(List.of()))) {
            for (AddedToken token : source) {
                AddedToken other = byText.put(token.text(), token);
                if (other != null && other.id() != token.id()) {
                    throw new InvalidVocabularyException(
                            file.getParent().toString(),
                            "the added token " + quote(token.text()) + " with the ids " + other.id() + " and "
                                    + token.id(),
                            "one id for every token in " + ADDED_TOKENS + ", tokenizer.json and " + FILE,
                            GET_AGAIN);
                }
            }
        }
        for (AddedToken role : special.values()) {
            AddedToken declared = byText.get(role.text());
            Integer id = vocabulary.get(role.text());
            if (declared != null) {
                boolean legacy = legacyTokens.contains(declared);
                byText.put(role.text(), legacy ? withId(role, declared.id()) : declared.asSpecial());
            } else if (id != null) {
                byText.put(role.text(), withId(role, id));
            }
        }
        return List.copyOf(byText.values());
    }

    private static AddedToken withId(AddedToken token, int id) {
        return new AddedToken(
                token.text(),
                id,
                token.special(),
                token.singleWord(),
                token.stripsLeft(),
                token.stripsRight(),
                token.normalized());
    }
}
