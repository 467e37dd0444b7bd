package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.GET_AGAIN;
import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * {@code tokenizer.json} of the tokenizers library, where it is byte-level BPE.
 *
 * @param vocabulary token to id, without the added tokens that are not in it
 * @param merges in rank order
 * @param addedTokens in the order of the file
 * @param pipeline what is done to a text before and after
 * @see <a href="https://huggingface.co/docs/tokenizers/pipeline">The tokenization pipeline</a>
 */
record TokenizerJson(
        Map<String, Integer> vocabulary, List<Merge> merges, List<AddedToken> addedTokens, TokenizerPipeline pipeline) {

    private static final String EXPECTED = "a JSON object as the tokenizers library writes it";
    private static final String MODEL = "model";

    /**
     * Reads the file.
     *
     * @throws UnsupportedTokenizerException if it is another kind of tokenizer
     * @throws InvalidVocabularyException if it is not a tokenizer
     */
    static TokenizerJson read(Path file) throws IOException, UnsupportedTokenizerException {
        Parts parts = JsonText.read(file, EXPECTED, parser -> new Parts(parser, file));
        parts.requireBytePairs();
        if (!parts.hasMerges) {
            throw new InvalidVocabularyException(file, "no list of merges in the model", EXPECTED, GET_AGAIN);
        }
        TokenizerPipeline pipeline = TokenizerPipeline.of(file, parts.trees);
        if (parts.vocabulary.isEmpty()) {
            throw new InvalidVocabularyException(file, "a model with no tokens", "at least one token", GET_AGAIN);
        }
        List<Merge> merges = new ArrayList<>(parts.merges.size());
        for (int i = 0; i < parts.merges.size(); i++) {
            List<String> pair = parts.merges.get(i);
            String place = "at index " + i + " of the merges";
            merges.add(
                    pair.size() == 1
                            ? Merge.parse(pair.get(0), file.toString(), place)
                            : Merge.of(pair.get(0), pair.get(1), file.toString(), place));
        }
        List<AddedToken> added = new ArrayList<>();
        for (JsonNode token : parts.tree("added_tokens")) {
            AddedTokenJson.read(token, token.path("id"), file).ifPresent(added::add);
        }
        return new TokenizerJson(parts.vocabulary, merges, added, pipeline);
    }

    /** The file's content, not judged yet. */
    private static final class Parts {
        private final Path file;
        /** The fields of the document but for the model, and those of the model but for vocabulary and merges. */
        private final Map<String, JsonNode> trees = new HashMap<>();

        private final Map<String, JsonNode> modelTrees = new HashMap<>();
        private Map<String, Integer> vocabulary = Map.of();
        private boolean hasVocabularyOfIds;
        private boolean hasMerges;
        /** Each of one string with two tokens, or of two strings. */
        private final List<List<String>> merges = new ArrayList<>();

        Parts(JsonParser parser, Path file) throws IOException {
            this.file = file;
            JsonText.requireObject(parser, file, EXPECTED);
            boolean hasModel = false;
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals(MODEL)) {
                    hasModel = true;
                    readModel(parser);
                } else {
                    trees.put(name, JsonText.tree(parser, file));
                }
            }
            if (!hasModel) {
                throw new InvalidVocabularyException(file, "no field 'model'", EXPECTED, GET_AGAIN);
            }
        }

        private void readModel(JsonParser parser) throws IOException {
            JsonText.requireObject(parser, file, "an object in the field 'model'");
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                JsonToken start = parser.nextToken();
                if (name.equals("vocab") && start == JsonToken.START_OBJECT) {
                    vocabulary = VocabularyFiles.readEntries(parser, file);
                    hasVocabularyOfIds = true;
                } else if (name.equals("merges") && start == JsonToken.START_ARRAY) {
                    readMerges(parser);
                    hasMerges = true;
                } else if (name.equals("vocab")) {
                    parser.skipChildren(); // scores, of a model that is not byte pairs
                } else {
                    modelTrees.put(name, JsonText.tree(parser, file));
                }
            }
        }

        private void readMerges(JsonParser parser) throws IOException {
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                VocabularyFiles.requireRoom(merges.size(), "merges", file);
                List<String> merge = new ArrayList<>(2);
                if (parser.currentToken() == JsonToken.VALUE_STRING) {
                    merge.add(parser.getText());
                } else if (parser.currentToken() == JsonToken.START_ARRAY) {
                    while (parser.nextToken() == JsonToken.VALUE_STRING && merge.size() < 2) {
                        merge.add(parser.getText());
                    }
                }
                boolean whole = parser.currentToken() == JsonToken.VALUE_STRING
                        || (parser.currentToken() == JsonToken.END_ARRAY && merge.size() == 2);
                if (!whole || merge.size() > 2) {
                    throw new InvalidVocabularyException(
                            file,
                            "something else at index " + merges.size() + " of the merges",
                            "two tokens, in one string or in an array",
                            GET_AGAIN);
                }
                merges.add(merge);
            }
        }

        private JsonNode tree(String name) {
            return trees.getOrDefault(name, MissingNode.getInstance());
        }

        /**
         * Ignores the treatment of unknown bytes ({@code unk_token}, {@code fuse_unk}, {@code byte_fallback}): where a
         * byte has no token, the text that needs it is refused.
         */
        private void requireBytePairs() throws UnsupportedTokenizerException {
            JsonNode type = modelTrees.get("type");
            if (!hasVocabularyOfIds || (type != null && !type.asText().equals("BPE"))) {
                String found = type == null ? "without a type" : quote(type.asText());
                throw new UnsupportedTokenizerException(file, "the model", found, "BPE, byte-level as GPT-2 has it,");
            }
            requireOff("dropout", "0");
            requireOff("continuing_subword_prefix", "");
            requireOff("end_of_word_suffix", "");
            requireOff("ignore_merges", "false");
        }

        private void requireOff(String option, String off) throws UnsupportedTokenizerException {
            JsonNode value = modelTrees.get(option);
            boolean isOff = value == null
                    || value.isNull()
                    || value.asText().equals(off)
                    || (value.isNumber() && value.doubleValue() == 0);
            if (!isOff) {
                throw new UnsupportedTokenizerException(
                        file, "the model's " + option, quote(value.asText()), off.isEmpty() ? "none" : off);
            }
        }
    }
}
