package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TrainingCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.OptionalInt;

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
 * @param endOfTextId {@code eos_token_id}; empty if the model has none within its vocabulary
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
        OptionalInt endOfTextId) {

    /** {@code <|endoftext|>} of GPT-2's own vocabulary: used where a config names no end-of-text id. */
    public static final int DEFAULT_END_OF_TEXT_ID = 50256;

    /**
     * @throws IllegalArgumentException if a size is below 1, {@code embeddingSize} is no multiple of {@code headCount},
     *     or the end-of-text id lies outside of the vocabulary; the message names the config's field
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
        if (endOfTextId.isPresent() && (endOfTextId.getAsInt() < 0 || endOfTextId.getAsInt() >= vocabularySize)) {
            throw new IllegalArgumentException(
                    "eos_token_id: found " + endOfTextId.getAsInt() + ", expected 0.." + (vocabularySize - 1));
        }
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
        return Gpt2ConfigJson.read(configJson);
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
     * The hyper-parameters that a checkpoint of nanoGPT or llm.c tells of itself, and what its program decides: the exact GELU
     * for nanoGPT, the tanh form for llm.c. The end of text is GPT-2's, if the vocabulary has it.
     *
     * @throws InvalidModelException if the feed-forward network would be too wide
     */
    public static Gpt2Config read(TrainingCheckpoint checkpoint) throws InvalidModelException {
        return TrainingConfig.read(checkpoint);
    }

    /** This config as one line of JSON, which {@link #read(Path)} reads; the same for equal configs. */
    public String toJson() {
        return Gpt2ConfigJson.toJson(this);
    }

    /** Writes this config so that {@link #read(Path)} gives an equal one. */
    public void write(Path configJson) throws IOException {
        Gpt2ConfigJson.write(this, configJson);
    }

    /** The config of a published model's shape with GPT-2's vocabulary, 1024 positions and the tanh GELU. */
    public static Gpt2Config published(int layerCount, int headCount, int embeddingSize) {
        return new Gpt2Config(
                50257,
                1024,
                embeddingSize,
                layerCount,
                headCount,
                4 * embeddingSize,
                Activation.GELU_TANH,
                1e-5f,
                true,
                false,
                true,
                OptionalInt.of(DEFAULT_END_OF_TEXT_ID));
    }

    /** This config with another activation function. */
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
                endOfTextId);
    }

    /** Size of one attention head: {@code n_embd / n_head}. */
    public int headSize() {
        return embeddingSize / headCount;
    }

    /** What the scores of a layer, counted from 0, are multiplied by before the softmax. */
    public float attentionScale(int layer) {
        double scale = scaleAttentionWeights ? 1 / Math.sqrt(headSize()) : 1;
        return (float) (scaleAttentionByInverseLayer ? scale / (layer + 1) : scale);
    }
}
