package io.flinkgpt2.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Checkpoints of llm.c. */
public final class LlmcFiles {
    private static final List<String> LAYER = List.of(
            "ln_1.weight",
            "ln_1.bias",
            "attn.c_attn.weight",
            "attn.c_attn.bias",
            "attn.c_proj.weight",
            "attn.c_proj.bias",
            "ln_2.weight",
            "ln_2.bias",
            "mlp.c_fc.weight",
            "mlp.c_fc.bias",
            "mlp.c_proj.weight",
            "mlp.c_proj.bias");

    private LlmcFiles() {}

    /** The header: 256 little-endian int32, of which the first are given. */
    public static byte[] header(int... numbers) {
        ByteBuffer header = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
        header.asIntBuffer().put(numbers);
        return header.array();
    }

    /**
     * A whole file.
     *
     * @param version 3 for float32, 5 for bfloat16
     * @param sizes longest sequence, vocabulary, layers, heads, width, padded vocabulary
     * @param values the values of a tensor by its name without a prefix; those of {@code wte.weight} with the padded rows
     */
    public static byte[] bytes(int version, int[] sizes, Function<String, float[]> values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header(20240326, version, sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], sizes[5]));
        append(out, version, values.apply("wte.weight"));
        append(out, version, values.apply("wpe.weight"));
        for (String name : LAYER) {
            for (int layer = 0; layer < sizes[2]; layer++) {
                append(out, version, values.apply("h." + layer + "." + name));
            }
        }
        append(out, version, values.apply("ln_f.weight"));
        append(out, version, values.apply("ln_f.bias"));
        return out.toByteArray();
    }

    private static void append(ByteArrayOutputStream out, int version, float[] values) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * (version == 3 ? 4 : 2)).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            if (version == 3) {
                bytes.putFloat(value);
            } else {
                bytes.putShort(HalfPrecision.floatToBf16(value));
            }
        }
        out.writeBytes(bytes.array());
    }

    /** The weights of a checkpoint of nanoGPT in llm.c's form, its vocabulary padded by rows of a value. */
    public static Path write(Path file, int version, TrainingCheckpoint from, int paddedRows, float padding)
            throws IOException {
        int[] sizes = {
            from.contextLength(),
            from.storedRows(),
            from.layerCount(),
            from.headCount(),
            from.embeddingSize(),
            paddedRows
        };
        Function<String, float[]> values = name -> {
            float[] stored = values(from, "transformer." + name);
            if (!name.equals("wte.weight")) {
                return stored;
            }
            float[] padded = new float[paddedRows * from.embeddingSize()];
            Arrays.fill(padded, padding);
            System.arraycopy(stored, 0, padded, 0, stored.length);
            return padded;
        };
        return Files.write(file, bytes(version, sizes, values));
    }

    /** All values of a tensor. */
    public static float[] values(WeightsFile weights, String tensor) {
        try {
            return WeightsFixtures.values(weights, tensor);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
