package io.flinkgpt2.model;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/** {@code config.json} of the transformers library, to and from {@link Gpt2Config}. */
final class Gpt2ConfigJson {

    /** Far above any real config, so that a wrong file is refused before it is read. */
    private static final long LARGEST_FILE = 1 << 20;

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final Path file;
    private final JsonNode root;

    private Gpt2ConfigJson(Path file, JsonNode root) {
        this.file = file;
        this.root = root;
    }

    static Gpt2Config read(Path file) throws IOException {
        long size = Files.size(file);
        if (size > LARGEST_FILE) {
            throw new InvalidModelException(
                    file, "file", size + " bytes", "at most " + LARGEST_FILE, "is this a config.json?");
        }
        JsonNode root;
        try {
            root = MAPPER.readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new InvalidModelException(
                    file, "file", "no valid JSON (" + problem(e) + ")", "one JSON object", "fetch it again", e);
        }
        if (!(root instanceof ObjectNode)) {
            throw new InvalidModelException(
                    file, "file", "no JSON object", "one JSON object", "is this a config.json?");
        }
        return new Gpt2ConfigJson(file, root).config();
    }

    private static String problem(JsonProcessingException e) {
        String message = e.getOriginalMessage();
        return InvalidModelException.quoted(e instanceof JsonParseException ? message : String.valueOf(message));
    }

    private Gpt2Config config() throws InvalidModelException {
        JsonNode type = root.path("model_type");
        if (!type.isMissingNode() && !type.asText().equals("gpt2")) {
            throw invalid("model_type", type, "\"gpt2\"", "only GPT-2-architecture models are supported");
        }
        int vocabularySize = positive("vocab_size");
        int embeddingSize = positive("n_embd");
        int innerSize = isSet("n_inner") ? positive("n_inner") : Math.multiplyExact(4, checked4(embeddingSize));
        int headCount = positive("n_head");
        if (embeddingSize % headCount != 0) {
            throw invalid("n_embd", root.get("n_embd"), "a multiple of n_head, " + headCount, "correct the config");
        }
        return new Gpt2Config(
                vocabularySize,
                positive(isSet("n_positions") || !isSet("n_ctx") ? "n_positions" : "n_ctx"),
                embeddingSize,
                positive("n_layer"),
                headCount,
                innerSize,
                activation(),
                epsilon(),
                flag("scale_attn_weights", true),
                flag("scale_attn_by_inverse_layer_idx", false),
                flag("tie_word_embeddings", true),
                endOfTextId(vocabularySize));
    }

    private int checked4(int embeddingSize) throws InvalidModelException {
        if (embeddingSize > Integer.MAX_VALUE / 4) {
            throw invalid("n_embd", root.get("n_embd"), "at most " + Integer.MAX_VALUE / 4, "correct the config");
        }
        return embeddingSize;
    }

    private boolean isSet(String field) {
        return root.hasNonNull(field);
    }

    private int positive(String field) throws InvalidModelException {
        JsonNode value = root.path(field);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 1) {
            throw invalid(field, value, "a whole number of 1 or more", "correct the config");
        }
        return value.intValue();
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

    /** The names of the transformers library; where nothing decides, the exact form. */
    private Activation activation() throws InvalidModelException {
        if (!isSet("activation_function")) {
            return Activation.GELU;
        }
        JsonNode value = root.get("activation_function");
        Optional<Activation> activation = ActivationNames.find(value.asText());
        if (activation.isEmpty()) {
            throw invalid(
                    "activation_function",
                    value,
                    "one of " + ActivationNames.all(),
                    "this activation function is not supported");
        }
        return activation.get();
    }

    /** An id outside of the vocabulary means that the model has no end of text: generation never stops on it. */
    private OptionalInt endOfTextId(int vocabularySize) throws InvalidModelException {
        int id = Gpt2Config.DEFAULT_END_OF_TEXT_ID;
        if (isSet("eos_token_id")) {
            JsonNode value = root.get("eos_token_id");
            if (!value.isIntegralNumber() || !value.canConvertToInt()) {
                throw invalid("eos_token_id", value, "one token id", "correct the config");
            }
            id = value.intValue();
        }
        return id >= 0 && id < vocabularySize ? OptionalInt.of(id) : OptionalInt.empty();
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
        // -1 lies outside of every vocabulary, so that the default does not creep in.
        root.put("eos_token_id", config.endOfTextId().orElse(-1));
        return root;
    }
}
