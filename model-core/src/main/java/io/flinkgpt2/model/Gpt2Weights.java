package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.MatrixProduct;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.WeightsFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The parameters of a model, immutable once loaded and shared by every {@link Gpt2} over them.
 *
 * <p>Vectors that belong to a matrix product are padded with zeros to {@link PackedMatrix#padded}.
 *
 * @param tokenEmbedding {@code wte}: a column for each token, {@code [n_embd x vocab_size]}
 * @param positionEmbedding {@code wpe}, row-major {@code [n_positions, n_embd]}
 * @param blocks one for each layer
 * @param finalLayerNorm {@code ln_f}
 * @param lmHead {@code [n_embd x vocab_size]}; the very object of {@code tokenEmbedding} in a tied model
 * @param sha256 hexadecimal SHA-256 over the names, shapes, types and stored bytes of all tensors that the model uses, in
 *     the order of their names; the same for the same weights, however they are spread over files
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed: the arrays are the model
public record Gpt2Weights(
        PackedMatrix tokenEmbedding,
        float[] positionEmbedding,
        List<Block> blocks,
        LayerNorm finalLayerNorm,
        PackedMatrix lmHead,
        String sha256) {

    /** Scale and shift, {@code n_embd} floats each. */
    @SuppressWarnings("ArrayRecordComponent")
    public record LayerNorm(float[] weight, float[] bias) {}

    /** A matrix and its bias, {@code padded(outputs)} floats. */
    @SuppressWarnings("ArrayRecordComponent")
    public record Linear(PackedMatrix weight, float[] bias) {}

    /** One layer. */
    public record Block(
            LayerNorm layerNorm1,
            Linear attention,
            Linear attentionProjection,
            LayerNorm layerNorm2,
            Linear feedForward,
            Linear feedForwardProjection) {}

    public Gpt2Weights {
        blocks = List.copyOf(blocks);
    }

    /**
     * Loads weights in float32 for the best kernels: {@link #load(WeightsFile, Gpt2Config, Path, MatrixProduct, Precision)}.
     */
    public static Gpt2Weights load(WeightsFile file, Gpt2Config config, Path path) throws IOException {
        return load(file, config, path, Kernels.best().product(), Precision.F32);
    }

    /**
     * Streams the weights into packed matrices, with as many threads as there are processors, at most four.
     *
     * @param file open weights; not closed
     * @param path what messages call the model
     * @param product that packs the matrices, and multiplies them later
     * @param precision how the matrices are kept, the token embedding among them; vectors and positions stay float32
     * @throws InvalidModelException if a tensor is missing, unknown, of another shape than {@code config} says, of a type
     *     that holds no parameters, or not finite; nothing large is allocated before names and shapes are right
     */
    public static Gpt2Weights load(
            WeightsFile file, Gpt2Config config, Path path, MatrixProduct product, Precision precision)
            throws IOException {
        return new Gpt2WeightsLoader(file, config, path, product, precision).load();
    }

    /** Returns how the matrices are kept. */
    public Precision precision() {
        return tokenEmbedding.precision();
    }

    /** Returns whether the LM head is the token embedding. */
    public boolean isTied() {
        return lmHead == tokenEmbedding;
    }

    /** Returns the number of bytes of the weights, near enough: the few vectors among them are float32 in every precision. */
    public static long byteCount(Gpt2Config config, Precision precision) {
        int parameterBytes = switch (precision) {
            case F32 -> Float.BYTES;
            case BF16 -> Short.BYTES;
            case INT8 -> Byte.BYTES;
        };
        return parameterCount(config, config.tieWordEmbeddings()) * parameterBytes;
    }

    /** Returns the number of parameters, a tied head counted once. */
    public static long parameterCount(Gpt2Config config, boolean tied) {
        long count = TensorTable.of(config).stream()
                .mapToLong(TensorTable.Entry::elementCount)
                .sum();
        return tied ? count : count + TensorTable.lmHead(config).elementCount();
    }
}
