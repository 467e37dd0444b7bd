package io.flinkgpt2.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.JsonFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code config.json} of the transformers library, to and from {@link Gpt2Config}. */
final class Gpt2ConfigJson {

    private static final String ACTIVATION = "activation_function";

    /** Names that the transformers library takes for GPT-2's own. */
    private static final Map<String, String> OTHER_NAMES = Map.of(
            "n_embd", "hidden_size",
            "n_layer", "num_hidden_layers",
            "n_head", "num_attention_heads",
            "n_positions", "max_position_embeddings");

    private static final JsonMapper MAPPER = new JsonMapper();

    private final Path file;
    private final JsonNode root;

    private Gpt2ConfigJson(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    static Gpt2Config read(Path file, Optional<Activation> activation) throws IOException {
        return open(file).config(activation);
    }

    static boolean declares(Path file, Activation activation) throws IOException {
        return open(file).declaredActivation().equals(Optional.of(activation));
    }

    private static Gpt2ConfigJson open(Path file) throws IOException {
        return new Gpt2ConfigJson(file, JsonFile.read(file));
    }

    private Gpt2Config config(Optional<Activation> activation) throws InvalidModelException {
        JsonNode type = root.path("model_type");
        if (isSet("model_type") && !type.asText().equals("gpt2")) {
            throw invalid("model_type", type, "\"gpt2\"", "only GPT-2-architecture models are supported");
        }
        int vocabularySize = positive("vocab_size");
        int embeddingSize = positive("n_embd");
        int innerSize = isSet("n_inner") ? positive("n_inner") : Math.multiplyExact(4, checked4(embeddingSize));
        int headCount = positive("n_head");
        if (embeddingSize % headCount != 0) {
            throw invalid(name("n_embd"), size("n_embd"), "a multiple of n_head, " + headCount, "correct the config");
        }
        return new Gpt2Config(
                vocabularySize,
                positive(!isSet(name("n_positions")) && isSet("n_ctx") ? "n_ctx" : "n_positions"),
                embeddingSize,
                positive("n_layer"),
                headCount,
                innerSize,
                activation.isPresent() ? activation.get() : supportedActivation(),
                epsilon(),
                flag("scale_attn_weights", true),
                flag("scale_attn_by_inverse_layer_idx", false),
                flag("tie_word_embeddings", true),
                endOfTextIds(vocabularySize));
    }

    private int checked4(int embeddingSize) throws InvalidModelException {
        if (embeddingSize > Integer.MAX_VALUE / 4) {
            throw invalid(name("n_embd"), size("n_embd"), "at most " + Integer.MAX_VALUE / 4, "correct the config");
        }
        return embeddingSize;
    }

    private boolean isSet(String field) {
        return root.hasNonNull(field);
    }

    private int positive(String field) throws InvalidModelException {
        JsonNode value = size(field);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
            throw invalid(name(field), value, "a whole number of 1 or more", "correct the config");
        }
        return value.intValue();
    }

    /** Returns the value of a size, under the name that the file has for it. */
    private JsonNode size(String field) throws InvalidModelException {
        String name = name(field);
        JsonNode value = root.path(name);
        if (!name.equals(field) && isSet(field) && !root.get(field).equals(value)) {
            String both = value + " and " + field + " " + root.get(field);
            throw new InvalidModelException(
                    file, name, InvalidModelException.quoted(both), "two names with one value", "remove one of them");
        }
        return value;
    }

    /** Returns the name that the file has for a size: GPT-2's, unless it has the other. */
    private String name(String field) {
        String other = OTHER_NAMES.getOrDefault(field, field);
        return isSet(other) ? other : field;
    }

    private boolean flag(String field, boolean otherwise) throws InvalidModelException {
        if (!isSet(field)) {
            return otherwise;
        }
        if (!root.get(field).isBoolean()) {
            throw invalid(field, root.get(field), "true or false", "correct the config");
        }
        return root.get(field).booleanValue();
    }

    private float epsilon() throws InvalidModelException {
        if (!isSet("layer_norm_epsilon")) {
            return 1e-5f;
        }
        JsonNode value = root.get("layer_norm_epsilon");
        if (!value.isNumber() || !(value.floatValue() > 0) || Float.isInfinite(value.floatValue())) {
            throw invalid("layer_norm_epsilon", value, "a number above 0", "correct the config");
        }
        return value.floatValue();
    }

    private Activation supportedActivation() throws InvalidModelException {
        Optional<Activation> activation = declaredActivation();
        if (activation.isEmpty()) {
            throw invalid(
                    ACTIVATION,
                    root.get(ACTIVATION),
                    "one of " + ActivationNames.all(),
                    "this activation function is not supported; the option model.activation (--activation) puts another in its place");
        }
        return activation.get();
    }

    /** Returns the function that the config means, if it is supported; without one it is the transformers library's default. */
    private Optional<Activation> declaredActivation() {
        return isSet(ACTIVATION)
                ? ActivationNames.find(root.get(ACTIVATION).asText())
                : Optional.of(Activation.GELU_TANH);
    }

    /** Returns the end-of-text ids: none for null, GPT-2's own where the field is missing. */
    private List<Integer> endOfTextIds(int vocabularySize) throws InvalidModelException {
        JsonNode value = root.path(EndOfTextIds.FIELD);
        return value.isMissingNode()
                ? EndOfTextIds.within(vocabularySize, List.of(Gpt2Config.DEFAULT_END_OF_TEXT_ID))
                : EndOfTextIds.within(vocabularySize, EndOfTextIds.parse(file, value));
    }

    private InvalidModelException invalid(String field, JsonNode found, String expected, String advice) {
        String what = found.isMissingNode() ? "nothing" : InvalidModelException.quoted(found.toString());
        return new InvalidModelException(file, field, what, expected, advice);
    }

    static void write(Gpt2Config config, Path file) throws IOException {
        Files.writeString(file, MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(json(config)) + "\n");
    }

    static String toJson(Gpt2Config config) {
        return json(config).toString();
    }

    private static ObjectNode json(Gpt2Config config) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("model_type", "gpt2");
        root.putArray("architectures").add("GPT2LMHeadModel");
        root.put("activation_function", ActivationNames.nameOf(config.activation()));
        root.put("layer_norm_epsilon", config.layerNormEpsilon());
        root.put("vocab_size", config.vocabularySize());
        root.put("n_positions", config.contextLength());
        root.put("n_ctx", config.contextLength());
        root.put("n_embd", config.embeddingSize());
        root.put("n_layer", config.layerCount());
        root.put("n_head", config.headCount());
        root.put("n_inner", config.innerSize());
        root.put("scale_attn_weights", config.scaleAttentionWeights());
        root.put("scale_attn_by_inverse_layer_idx", config.scaleAttentionByInverseLayer());
        root.put("tie_word_embeddings", config.tieWordEmbeddings());
        if (config.endOfTextIds().size() > 1) {
            config.endOfTextIds().forEach(root.putArray(EndOfTextIds.FIELD)::add);
        } else {
            // -1 lies outside of every vocabulary, so that the default does not creep in.
            root.put(EndOfTextIds.FIELD, config.endOfTextId().orElse(-1));
        }
        return root;
    }
}
