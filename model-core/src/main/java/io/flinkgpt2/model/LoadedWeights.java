package io.flinkgpt2.model;

import io.flinkgpt2.model.Gpt2Weights.Block;
import io.flinkgpt2.model.Gpt2Weights.LayerNorm;
import io.flinkgpt2.model.Gpt2Weights.Linear;
import io.flinkgpt2.tensor.PackedMatrix;
import io.flinkgpt2.weights.DType;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.TensorSink;
import io.flinkgpt2.weights.WeightsFile;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The weights of a loaded model as the transformers library names and lays them out, in float32, whatever file they came
 * from: to be written to a file of their own. Those of a model in float32 are exact.
 */
public final class LoadedWeights implements WeightsFile {
    /** Prefix that {@code GPT2LMHeadModel} puts before the names of all tensors but the LM head. */
    private static final String PREFIX = "transformer.";

    private static final int PIECE = 1 << 18;

    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    private final Map<String, Elements> elements = new HashMap<>();

    /** Returns an element of a tensor by its row-major index. */
    @FunctionalInterface
    private interface Elements {
        float get(long index);
    }

    /** Creates the weights of a model; its LM head is among them if the config says that it is one of its own. */
    public LoadedWeights(Gpt2Config config, Gpt2Weights weights) {
        Map<String, Object> loaded = byName(weights);
        for (TensorTable.Entry entry : TensorTable.of(config)) {
            add(PREFIX + entry.name(), entry, loaded.get(entry.name()));
        }
        if (!config.tieWordEmbeddings()) {
            add(TensorTable.LM_HEAD, TensorTable.lmHead(config), weights.lmHead());
        }
    }

    private static Map<String, Object> byName(Gpt2Weights weights) {
        Map<String, Object> loaded = new HashMap<>();
        loaded.put(TensorTable.TOKEN_EMBEDDING, weights.tokenEmbedding());
        loaded.put(TensorTable.POSITION_EMBEDDING, weights.positionEmbedding());
        for (int layer = 0; layer < weights.blocks().size(); layer++) {
            Block block = weights.blocks().get(layer);
            put(loaded, TensorTable.block(layer, "ln_1"), block.layerNorm1());
            put(loaded, TensorTable.block(layer, "attn.c_attn"), block.attention());
            put(loaded, TensorTable.block(layer, "attn.c_proj"), block.attentionProjection());
            put(loaded, TensorTable.block(layer, "ln_2"), block.layerNorm2());
            put(loaded, TensorTable.block(layer, "mlp.c_fc"), block.feedForward());
            put(loaded, TensorTable.block(layer, "mlp.c_proj"), block.feedForwardProjection());
        }
        put(loaded, TensorTable.FINAL_LAYER_NORM, weights.finalLayerNorm());
        return loaded;
    }

    private static void put(Map<String, Object> loaded, String name, LayerNorm layerNorm) {
        loaded.put(name + ".weight", layerNorm.weight());
        loaded.put(name + ".bias", layerNorm.bias());
    }

    private static void put(Map<String, Object> loaded, String name, Linear linear) {
        loaded.put(name + ".weight", linear.weight());
        loaded.put(name + ".bias", linear.bias());
    }

    private void add(String name, TensorTable.Entry entry, Object values) {
        tensors.put(name, new TensorInfo(name, DType.F32, entry.shape()));
        if (values instanceof float[] row) {
            elements.put(name, index -> row[(int) index]);
            return;
        }
        PackedMatrix matrix = (PackedMatrix) values;
        long columns = entry.shape().get(1);
        elements.put(
                name,
                entry.layout() == TensorTable.Layout.INPUT_MAJOR
                        ? index -> matrix.get((int) (index / columns), (int) (index % columns))
                        : index -> matrix.get((int) (index % columns), (int) (index / columns)));
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /**
     * {@inheritDoc}
     *
     * @throws IllegalArgumentException if there is no such tensor
     */
    @Override
    public void read(String tensorName, TensorSink sink) {
        TensorInfo info = tensors.get(tensorName);
        if (info == null) {
            throw new IllegalArgumentException("the loaded weights have no tensor " + tensorName);
        }
        Elements source = elements.get(tensorName);
        long count = info.elementCount();
        float[] values = new float[(int) Math.min(PIECE, count)];
        for (long start = 0; start < count; start += values.length) {
            int length = (int) Math.min(values.length, count - start);
            for (int i = 0; i < length; i++) {
                values[i] = source.get(start + i);
            }
            sink.values(values, length, start);
        }
    }

    @Override
    public String describe() {
        return "loaded weights";
    }

    @Override
    public void close() {
        // nothing is open
    }
}
