package io.flinkgpt2.model;

import java.util.ArrayList;
import java.util.List;

/** The one table of a GPT-2 model's tensors: name, shape, and how the matrices lie in the file. */
final class TensorTable {

    static final String TOKEN_EMBEDDING = "wte.weight";
    static final String POSITION_EMBEDDING = "wpe.weight";
    static final String LM_HEAD = "lm_head.weight";
    static final String FINAL_LAYER_NORM = "ln_f";

    /** How a tensor lies in the file. */
    enum Layout {
        /** One row of floats. */
        VECTOR,
        /** A matrix of {@code [inputs, outputs]}: the Conv1D form of GPT-2's linear layers. */
        INPUT_MAJOR,
        /** A matrix of {@code [outputs, inputs]}: the token embedding and the LM head. */
        OUTPUT_MAJOR,
        /** Rows that are looked up, {@code [positions, n_embd]}. */
        ROWS
    }

    /**
     * One tensor.
     *
     * @param name without the prefix that some files put before it
     */
    record Entry(String name, Layout layout, List<Long> shape) {

        long elementCount() {
            return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
        }
    }

    private TensorTable() {}

    /** Name of a tensor of a block, such as {@code h.3.attn.c_attn.weight}. */
    static String block(int layer, String tensor) {
        return "h." + layer + "." + tensor;
    }

    /** Every tensor that a model of this config has, but for an LM head of its own. */
    static List<Entry> of(Gpt2Config config) {
        long embedding = config.embeddingSize();
        long inner = config.innerSize();
        List<Entry> table = new ArrayList<>();
        table.add(new Entry(TOKEN_EMBEDDING, Layout.OUTPUT_MAJOR, List.of((long) config.vocabularySize(), embedding)));
        table.add(new Entry(POSITION_EMBEDDING, Layout.ROWS, List.of((long) config.contextLength(), embedding)));
        for (int layer = 0; layer < config.layerCount(); layer++) {
            layerNorm(table, block(layer, "ln_1"), embedding);
            linear(table, block(layer, "attn.c_attn"), embedding, 3 * embedding);
            linear(table, block(layer, "attn.c_proj"), embedding, embedding);
            layerNorm(table, block(layer, "ln_2"), embedding);
            linear(table, block(layer, "mlp.c_fc"), embedding, inner);
            linear(table, block(layer, "mlp.c_proj"), inner, embedding);
        }
        layerNorm(table, FINAL_LAYER_NORM, embedding);
        return table;
    }

    /** The LM head of a model whose head is not its token embedding. */
    static Entry lmHead(Gpt2Config config) {
        return new Entry(
                LM_HEAD, Layout.OUTPUT_MAJOR, List.of((long) config.vocabularySize(), (long) config.embeddingSize()));
    }

    /** Buffers that hold no parameters: the causal mask and its fill value, in files of older libraries. */
    static boolean isBuffer(String name) {
        return name.matches("h\\.\\d+\\.attn\\.(bias|masked_bias)");
    }

    private static void layerNorm(List<Entry> table, String name, long size) {
        table.add(new Entry(name + ".weight", Layout.VECTOR, List.of(size)));
        table.add(new Entry(name + ".bias", Layout.VECTOR, List.of(size)));
    }

    private static void linear(List<Entry> table, String name, long inputs, long outputs) {
        table.add(new Entry(name + ".weight", Layout.INPUT_MAJOR, List.of(inputs, outputs)));
        table.add(new Entry(name + ".bias", Layout.VECTOR, List.of(outputs)));
    }
}
