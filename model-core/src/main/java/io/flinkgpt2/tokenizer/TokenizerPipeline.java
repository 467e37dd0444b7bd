package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.VocabularyFiles.quote;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The steps of {@code tokenizer.json} beside the byte pair encoding, where they are those of GPT-2's tokenizer. Whatever
 * else could change tokens or text is refused by its name. {@code truncation} and {@code padding} are not looked at, for they
 * are options of a call.
 *
 * @param prefixSpace whether text that does not begin with a space is encoded as if it did
 * @param splits whether the pre-tokenizer cuts by a pattern of its own, so that it can have no prefix space
 * @param prefixTexts tokens that stand before every text
 */
record TokenizerPipeline(boolean prefixSpace, boolean splits, List<String> prefixTexts) {

    private static final String BYTE_LEVEL = "ByteLevel";
    private static final String SEQUENCE = "Sequence";
    private static final String TEMPLATE = "TemplateProcessing";
    private static final MissingNode NOTHING = MissingNode.getInstance();

    /** GPT-2's pattern, in its spellings; see {@link SplitPattern}. */
    private static final Set<String> PATTERNS = Set.of(
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
            "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s");

    /** @param trees the fields of the document */
    static TokenizerPipeline of(Path file, Map<String, JsonNode> trees) throws UnsupportedTokenizerException {
        for (JsonNode normalizer : steps(trees.get("normalizer"), "normalizers")) {
            throw unsupported(file, "the normalizer", normalizer, "none");
        }
        List<JsonNode> decoders = steps(trees.get("decoder"), "decoders");
        for (JsonNode decoder : decoders) {
            if (!type(decoder).equals(BYTE_LEVEL) || decoders.size() > 1) {
                throw unsupported(file, "the decoder", decoder, BYTE_LEVEL);
            }
        }
        List<String> prefix = prefix(file, steps(trees.get("post_processor"), "processors"));
        return preTokenizer(file, steps(trees.get("pre_tokenizer"), "pretokenizers"), prefix);
    }

    private static TokenizerPipeline preTokenizer(Path file, List<JsonNode> steps, List<String> prefix)
            throws UnsupportedTokenizerException {
        JsonNode last = steps.isEmpty() ? NOTHING : steps.get(steps.size() - 1);
        if (!type(last).equals(BYTE_LEVEL) || steps.size() > 2) {
            throw unsupported(
                    file, "the pre-tokenizer", last, BYTE_LEVEL + ", perhaps after a Split by GPT-2's pattern,");
        }
        boolean prefixSpace = last.path("add_prefix_space").asBoolean(true);
        boolean splits = steps.size() == 2;
        if (splits) {
            requireGpt2Split(file, steps.get(0));
        } else if (!last.path("use_regex").asBoolean(true)) {
            throw new UnsupportedTokenizerException(
                    file, "the pre-tokenizer ByteLevel with use_regex", "false", "true, or a Split before it,");
        }
        if (splits && prefixSpace) {
            throw new UnsupportedTokenizerException(
                    file, "a Split before a ByteLevel with add_prefix_space", "true", "false");
        }
        return new TokenizerPipeline(prefixSpace, splits, prefix);
    }

    private static void requireGpt2Split(Path file, JsonNode step) throws UnsupportedTokenizerException {
        String pattern = step.path("pattern").path("Regex").asText();
        String behavior = step.path("behavior").asText();
        boolean inverted = step.path("invert").asBoolean();
        boolean isolates = inverted ? behavior.equals("Removed") : behavior.equals("Isolated");
        if (!type(step).equals("Split") || !isolates) {
            throw unsupported(
                    file, "the pre-tokenizer", step, BYTE_LEVEL + ", perhaps after a Split by GPT-2's pattern,");
        }
        if (!PATTERNS.contains(pattern)) {
            throw new UnsupportedTokenizerException(file, "the split pattern", quote(pattern), "GPT-2's");
        }
    }

    /** Returns the tokens that a template puts before a text. */
    private static List<String> prefix(Path file, List<JsonNode> steps) throws UnsupportedTokenizerException {
        List<String> prefix = new ArrayList<>();
        for (JsonNode step : steps) {
            if (type(step).equals(BYTE_LEVEL)) {
                continue; // it changes the offsets of tokens, not the tokens
            }
            if (!type(step).equals(TEMPLATE) || !prefix.isEmpty()) {
                throw unsupported(file, "the post-processor", step, BYTE_LEVEL + " or one " + TEMPLATE);
            }
            boolean textWasThere = false;
            for (JsonNode piece : step.path("single")) {
                JsonNode token = piece.path("SpecialToken");
                if (token.isMissingNode()) {
                    textWasThere = true;
                    continue;
                }
                if (textWasThere) {
                    throw new UnsupportedTokenizerException(
                            file,
                            "the token " + quote(token.path("id").asText()),
                            "behind every text",
                            "one before it");
                }
                for (JsonNode text : step.path("special_tokens")
                        .path(token.path("id").asText())
                        .path("tokens")) {
                    prefix.add(text.asText());
                }
            }
        }
        return prefix;
    }

    /** Returns the steps of a part: none, itself, or those of a sequence, in order. */
    private static List<JsonNode> steps(JsonNode part, String field) {
        List<JsonNode> steps = new ArrayList<>();
        if (part != null && type(part).equals(SEQUENCE)) {
            for (JsonNode step : part.path(field)) {
                steps.addAll(steps(step, field));
            }
        } else if (part != null && !part.isNull()) {
            steps.add(part);
        }
        return steps;
    }

    private static String type(JsonNode step) {
        return step.path("type").asText();
    }

    private static UnsupportedTokenizerException unsupported(Path file, String what, JsonNode step, String expected) {
        String found = step.isMissingNode() ? "missing" : quote(type(step));
        return new UnsupportedTokenizerException(file, what, found, expected);
    }
}
