package io.flinkgpt2.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The one table of a GPT-2 model's tensors: their names, in the transformers library and in GGUF, shape, and how the
 * matrices lie in the file.
 */
final class TensorTable {

    static final String TOKEN_EMBEDDING = "wte.weight";
    static final String POSITION_EMBEDDING = "wpe.weight";
    static final String LM_HEAD = "lm_head.weight";
    static final String FINAL_LAYER_NORM = "ln_f";
    static final String GGUF_TOKEN_EMBEDDING = "token_embd.weight";
    static final String GGUF_LM_HEAD = "output.weight";

    /** Which of the two conventions a file follows. */
    enum Convention {
        /** The transformers library's: linear layers are Conv1D, {@code [inputs, outputs]}. */
        TRANSFORMERS,
        /** GGUF's: names as below, linear layers {@code [outputs, inputs]}. */
        GGUF,
        /** The transformers library's names, but linear layers are {@code [outputs, inputs]}: nanoGPT's and llm.c's. */
        TRAINING
    }

    /** How a tensor lies in the file. */
    enum Layout {
        /** One row of floats. */
        VECTOR,
        /** A matrix of {@code [inputs, outputs]}: the Conv1D form of GPT-2's linear layers. */
        INPUT_MAJOR,
        /** A matrix of {@code [outputs, inputs]}: the token embedding, the LM head, and the linear layers of other programs. */
        OUTPUT_MAJOR,
        /** Rows that are looked up, {@code [positions, n_embd]}. */
        ROWS
    }

    /**
     * One tensor.
     *
     * @param name the transformers library's, without the prefix that some files put before it
     * @param ggufName GGUF's
     * @param shape in the file, outermost first
     */
    record Entry(String name, String ggufName, Layout layout, List<Long> shape) {

        long elementCount() {
            return shape.stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact);
        }
    }

    private TensorTable() {}

    /** Name of a tensor of a block, such as {@code h.3.attn.c_attn.weight}. */
    static String block(int layer, String tensor) {
        return "h." + layer + "." + tensor;
    }

    /** {@link #of(Gpt2Config, Convention)} as the transformers library has it. */
    static List<Entry> of(Gpt2Config config) {
        return of(config, Convention.TRANSFORMERS);
    }

    /** Returns every tensor that a model of this config has, but for an LM head of its own. */
    static List<Entry> of(Gpt2Config config, Convention convention) {
        long vocabulary = config.vocabularySize();
        long positions = config.contextLength();
        long embedding = config.embeddingSize();
        long inner = config.innerSize();
        List<Entry> table = new ArrayList<>();
        table.add(
                new Entry(TOKEN_EMBEDDING, GGUF_TOKEN_EMBEDDING, Layout.OUTPUT_MAJOR, List.of(vocabulary, embedding)));
        table.add(new Entry(POSITION_EMBEDDING, "position_embd.weight", Layout.ROWS, List.of(positions, embedding)));
        for (int layer = 0; layer < config.layerCount(); layer++) {
            String gguf = "blk." + layer + ".";
            layerNorm(table, block(layer, "ln_1"), gguf + "attn_norm", embedding);
            linear(table, convention, block(layer, "attn.c_attn"), gguf + "attn_qkv", embedding, 3 * embedding);
            linear(table, convention, block(layer, "attn.c_proj"), gguf + "attn_output", embedding, embedding);
            layerNorm(table, block(layer, "ln_2"), gguf + "ffn_norm", embedding);
            linear(table, convention, block(layer, "mlp.c_fc"), gguf + "ffn_up", embedding, inner);
            linear(table, convention, block(layer, "mlp.c_proj"), gguf + "ffn_down", inner, embedding);
        }
        layerNorm(table, FINAL_LAYER_NORM, "output_norm", embedding);
        return table;
    }

    /** Returns the LM head of a model whose head is not its token embedding. */
    static Entry lmHead(Gpt2Config config) {
        return new Entry(LM_HEAD, GGUF_LM_HEAD, Layout.OUTPUT_MAJOR, List.of((long) config.vocabularySize(), (long)
                config.embeddingSize()));
    }

    /** Buffers that hold no parameters: the causal mask and its fill value, in files of older libraries. */
    static boolean isBuffer(String name) {
        return name.matches("h\\.\\d+\\.attn\\.(bias|masked_bias)");
    }

    /** Heads, which the transformers library keeps beside the model that they belong to. */
    static boolean isHead(String name) {
        return name.equals(LM_HEAD) || isUnusedHead(name);
    }

    /** Heads for other tasks than completion: values of reinforcement learning, multiple choice, classification, answers. */
    static boolean isUnusedHead(String name) {
        return name.matches("(v_head|multiple_choice_head|score|classifier|qa_outputs)\\..+");
    }

    private static void layerNorm(List<Entry> table, String name, String gguf, long size) {
        table.add(new Entry(name + ".weight", gguf + ".weight", Layout.VECTOR, List.of(size)));
        table.add(new Entry(name + ".bias", gguf + ".bias", Layout.VECTOR, List.of(size)));
    }

    private static void linear(
            List<Entry> table, Convention convention, String name, String gguf, long inputs, long outputs) {
        table.add(
                convention == Convention.TRANSFORMERS
                        ? new Entry(name + ".weight", gguf + ".weight", Layout.INPUT_MAJOR, List.of(inputs, outputs))
                        : new Entry(name + ".weight", gguf + ".weight", Layout.OUTPUT_MAJOR, List.of(outputs, inputs)));
        table.add(new Entry(name + ".bias", gguf + ".bias", Layout.VECTOR, List.of(outputs)));
    }
}
