package io.flinkgpt2.model;

import io.flinkgpt2.weights.GgufBytes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/** A small GPT-2 as a GGUF file, for tests to spoil: 2 layers, 2 heads of 4, 12 positions. */
public final class GgufModels {
    public static final int EMBEDDING = 8;
    public static final int INNER = 24;
    public static final int POSITIONS = 12;

    private GgufModels() {}

    /** The hyper-parameters, but for those whose keys are left out. */
    public static GgufBytes metadata(String... leftOut) {
        GgufBytes bytes = new GgufBytes();
        Map<String, Integer> integers = new LinkedHashMap<>();
        integers.put("gpt2.context_length", POSITIONS);
        integers.put("gpt2.embedding_length", EMBEDDING);
        integers.put("gpt2.block_count", 2);
        integers.put("gpt2.feed_forward_length", INNER);
        integers.put("gpt2.attention.head_count", 2);
        Set<String> skipped = Set.of(leftOut);
        if (!skipped.contains("general.architecture")) {
            bytes.string("general.architecture", "gpt2");
        }
        integers.forEach((key, value) -> {
            if (!skipped.contains(key)) {
                bytes.u32(key, value);
            }
        });
        if (!skipped.contains("gpt2.attention.layer_norm_epsilon")) {
            bytes.f32("gpt2.attention.layer_norm_epsilon", 1e-5f);
        }
        return bytes;
    }

    /** Adds all tensors, with random values; returns them by name. */
    public static Map<String, float[]> tensors(GgufBytes bytes, int vocabularySize) {
        Map<String, float[]> values = new LinkedHashMap<>();
        SplittableRandom random = new SplittableRandom(5);
        add(bytes, values, random, "token_embd.weight", EMBEDDING, vocabularySize);
        add(bytes, values, random, "position_embd.weight", EMBEDDING, POSITIONS);
        for (int layer = 0; layer < 2; layer++) {
            String block = "blk." + layer + ".";
            layer(bytes, values, random, block + "attn_norm", EMBEDDING);
            layer(bytes, values, random, block + "attn_qkv", EMBEDDING, 3 * EMBEDDING);
            layer(bytes, values, random, block + "attn_output", EMBEDDING, EMBEDDING);
            layer(bytes, values, random, block + "ffn_norm", EMBEDDING);
            layer(bytes, values, random, block + "ffn_up", EMBEDDING, INNER);
            layer(bytes, values, random, block + "ffn_down", INNER, EMBEDDING);
        }
        layer(bytes, values, random, "output_norm", EMBEDDING);
        return values;
    }

    private static void layer(
            GgufBytes bytes, Map<String, float[]> values, SplittableRandom random, String name, long... dimensions) {
        add(bytes, values, random, name + ".weight", dimensions);
        add(bytes, values, random, name + ".bias", dimensions[dimensions.length - 1]);
    }

    private static void add(
            GgufBytes bytes, Map<String, float[]> values, SplittableRandom random, String name, long... dimensions) {
        long count = 1;
        for (long dimension : dimensions) {
            count *= dimension;
        }
        float[] tensor = new float[(int) count];
        for (int i = 0; i < tensor.length; i++) {
            tensor[i] = (float) (random.nextDouble() - 0.5);
        }
        values.put(name, tensor);
        bytes.floats(name, tensor, dimensions);
    }
}
