package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TrainingCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.StringJoiner;

/**
 * The hyper-parameters of a GPT-2-architecture model, read from its own config and never guessed from its name.
 *
 * @param vocabularySize {@code vocab_size}: rows of the token embedding, 1 or more
 * @param contextLength {@code n_positions}: the longest sequence the model can see, 1 or more
 * @param embeddingSize {@code n_embd}: a multiple of {@code headCount}
 * @param layerCount {@code n_layer}, 1 or more
 * @param headCount {@code n_head}, 1 or more
 * @param innerSize {@code n_inner}: width of the feed-forward network, 4 x {@code n_embd} where the config has null
 * @param activation {@code activation_function}
 * @param layerNormEpsilon {@code layer_norm_epsilon}, above 0
 * @param scaleAttentionWeights {@code scale_attn_weights}: scores are divided by the square root of the head size
 * @param scaleAttentionByInverseLayer {@code scale_attn_by_inverse_layer_idx}: and by (layer + 1), layers from 0
 * @param tieWordEmbeddings {@code tie_word_embeddings}: the LM head is the token embedding
 * @param endOfTextIds {@code eos_token_id}, one or several, each within the vocabulary and none twice; an empty prompt is
 *     completed from the first; empty if the model has none
 */
public record Gpt2Config(
        int vocabularySize,
        int contextLength,
        int embeddingSize,
        int layerCount,
        int headCount,
        int innerSize,
        Activation activation,
        float layerNormEpsilon,
        boolean scaleAttentionWeights,
        boolean scaleAttentionByInverseLayer,
        boolean tieWordEmbeddings,
        List<Integer> endOfTextIds) {

    /** {@code <|endoftext|>} of GPT-2's own vocabulary: used where a config names no end-of-text id. */
    public static final int DEFAULT_END_OF_TEXT_ID = 50256;

    private static final float PUBLISHED_EPSILON = 1e-5f;

    /**
     * @throws IllegalArgumentException if a size is below 1, {@code embeddingSize} is no multiple of {@code headCount},
     *     or an end-of-text id lies outside of the vocabulary or comes twice; the message names the config's field
     */
    public Gpt2Config {
        requirePositive("vocab_size", vocabularySize);
        requirePositive("n_positions", contextLength);
        requirePositive("n_embd", embeddingSize);
        requirePositive("n_layer", layerCount);
        requirePositive("n_head", headCount);
        requirePositive("n_inner", innerSize);
        Objects.requireNonNull(activation, "activation");
        if (embeddingSize % headCount != 0) {
            throw new IllegalArgumentException(
                    "n_embd: found " + embeddingSize + ", expected a multiple of n_head, " + headCount);
        }
        if (!(layerNormEpsilon > 0 && layerNormEpsilon < Float.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "layer_norm_epsilon: found " + layerNormEpsilon + ", expected a number above 0");
        }
        endOfTextIds = List.copyOf(endOfTextIds);
        for (int i = 0; i < endOfTextIds.size(); i++) {
            int id = endOfTextIds.get(i);
            if (id < 0 || id >= vocabularySize || endOfTextIds.indexOf(id) < i) {
                throw new IllegalArgumentException(
                        "eos_token_id: found " + id + ", expected ids of 0.." + (vocabularySize - 1) + ", each once");
            }
        }
    }

    /** Creates a config with one end-of-text id, or none. */
    public Gpt2Config(
            int vocabularySize,
            int contextLength,
            int embeddingSize,
            int layerCount,
            int headCount,
            int innerSize,
            Activation activation,
            float layerNormEpsilon,
            boolean scaleAttentionWeights,
            boolean scaleAttentionByInverseLayer,
            boolean tieWordEmbeddings,
            OptionalInt endOfTextId) {
        this(
                vocabularySize,
                contextLength,
                embeddingSize,
                layerCount,
                headCount,
                innerSize,
                activation,
                layerNormEpsilon,
                scaleAttentionWeights,
                scaleAttentionByInverseLayer,
                tieWordEmbeddings,
                endOfTextId.stream().boxed().toList());
    }

    private static void requirePositive(String field, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(field + ": found " + value + ", expected 1 or more");
        }
    }

    /**
     * Reads a {@code config.json} in the format of the transformers library.
     *
     * @throws InvalidModelException if it is not such a config; names the field, what was found and what is expected
     */
    public static Gpt2Config read(Path configJson) throws IOException {
        return read(configJson, Optional.empty());
    }

    /**
     * Reads a {@code config.json} as {@link #read(Path)} does, with another activation function in place of the config's,
     * which may then name one that is not supported.
     *
     * @param activation empty: the config's own
     */
    public static Gpt2Config read(Path configJson, Optional<Activation> activation) throws IOException {
        return Gpt2ConfigJson.read(configJson, activation);
    }

    /**
     * Returns whether a {@code config.json} that {@link #read(Path, Optional)} takes means this activation function by
     * itself.
     */
    public static boolean declares(Path configJson, Activation activation) throws IOException {
        return Gpt2ConfigJson.declares(configJson, activation);
    }

    /**
     * Returns this config with the end-of-text ids of the {@code generation_config.json} beside a {@code config.json} added
     * to its own. That file's other values, such as a temperature, are not defaults here: a request says how it is sampled.
     *
     * @param generationConfig need not exist
     * @throws InvalidModelException if the file is there and is not such a config
     */
    public Gpt2Config withEndOfTextIdsOf(Path generationConfig) throws IOException {
        return withEndOfTextIds(GenerationConfigJson.join(endOfTextIds, generationConfig, vocabularySize));
    }

    /**
     * Reads the hyper-parameters in a GGUF file's metadata. The vocabulary's size is the rows of the token embedding, the
     * activation is the tanh form of GELU (the format declares none), and the LM head is one of its own if the file has
     * one that differs from the token embedding.
     *
     * @throws InvalidModelException if it is of another architecture, or a key is missing or wrong
     */
    public static Gpt2Config read(Gguf file) throws IOException {
        return new GgufConfig(file).read();
    }

    /**
     * Returns the hyper-parameters that a checkpoint of nanoGPT or llm.c tells of itself, and what its program decides: the
     * exact GELU for nanoGPT, the tanh form for llm.c. The end of text is GPT-2's, if the vocabulary has it.
     *
     * @throws InvalidModelException if the feed-forward network would be too wide
     */
    public static Gpt2Config read(TrainingCheckpoint checkpoint) throws InvalidModelException {
        return TrainingConfig.read(checkpoint);
    }

    /** Returns this config as one line of JSON, which {@link #read(Path)} reads; the same for equal configs. */
    public String toJson() {
        return Gpt2ConfigJson.toJson(this);
    }

    /** Writes this config so that {@link #read(Path)} gives an equal one. */
    public void write(Path configJson) throws IOException {
        Gpt2ConfigJson.write(this, configJson);
    }

    /** Returns the config of a published model's shape with GPT-2's vocabulary, 1024 positions and the tanh GELU. */
    public static Gpt2Config published(int layerCount, int headCount, int embeddingSize) {
        return new Gpt2Config(
                50257,
                1024,
                embeddingSize,
                layerCount,
                headCount,
                4 * embeddingSize,
                Activation.GELU_TANH,
                PUBLISHED_EPSILON,
                true,
                false,
                true,
                OptionalInt.of(DEFAULT_END_OF_TEXT_ID));
    }

    /** Returns this config with another activation function. */
    public Gpt2Config withActivation(Activation other) {
        return new Gpt2Config(
                vocabularySize,
                contextLength,
                embeddingSize,
                layerCount,
                headCount,
                innerSize,
                other,
                layerNormEpsilon,
                scaleAttentionWeights,
                scaleAttentionByInverseLayer,
                tieWordEmbeddings,
                endOfTextIds);
    }

    private Gpt2Config withEndOfTextIds(List<Integer> others) {
        return new Gpt2Config(
                vocabularySize,
                contextLength,
                embeddingSize,
                layerCount,
                headCount,
                innerSize,
                activation,
                layerNormEpsilon,
                scaleAttentionWeights,
                scaleAttentionByInverseLayer,
                tieWordEmbeddings,
                others);
    }

    /** Returns the token that an empty prompt is completed from: the first end-of-text id, if the model has one. */
    public OptionalInt endOfTextId() {
        return endOfTextIds.isEmpty() ? OptionalInt.empty() : OptionalInt.of(endOfTextIds.get(0));
    }

    /** Returns whether generation stops on this token. Allocates nothing. */
    public boolean isEndOfText(int tokenId) {
        for (int i = 0; i < endOfTextIds.size(); i++) {
            if (endOfTextIds.get(i) == tokenId) {
                return true;
            }
        }
        return false;
    }

    /** Size of one attention head: {@code n_embd / n_head}. */
    public int headSize() {
        return embeddingSize / headCount;
    }

    /** Returns the factor of a layer's scores before the softmax; layers count from 0. */
    float attentionScale(int layer) {
        double scale = scaleAttentionWeights ? 1 / Math.sqrt(headSize()) : 1;
        return (float) (scaleAttentionByInverseLayer ? scale / (layer + 1) : scale);
    }

    /** Returns the shape under the config's names, and of the other fields those that differ from GPT-2's published models. */
    @Override
    public String toString() {
        StringJoiner text = new StringJoiner(", ", "Gpt2Config[", "]");
        add(text, "n_layer", layerCount, true);
        add(text, "n_head", headCount, true);
        add(text, "n_embd", embeddingSize, true);
        add(text, "n_inner", innerSize, innerSize != 4L * embeddingSize);
        add(text, "n_positions", contextLength, true);
        add(text, "vocab_size", vocabularySize, true);
        add(text, "activation_function", activation, activation != Activation.GELU_TANH);
        add(text, "layer_norm_epsilon", layerNormEpsilon, layerNormEpsilon != PUBLISHED_EPSILON);
        add(text, "scale_attn_weights", false, !scaleAttentionWeights);
        add(text, "scale_attn_by_inverse_layer_idx", true, scaleAttentionByInverseLayer);
        add(text, "tie_word_embeddings", false, !tieWordEmbeddings);
        add(text, "eos_token_id", endOfTextIds, !endOfTextIds.equals(List.of(DEFAULT_END_OF_TEXT_ID)));
        return text.toString();
    }

    private static void add(StringJoiner text, String field, Object value, boolean shown) {
        if (shown) {
            text.add(field + "=" + value);
        }
    }
}
