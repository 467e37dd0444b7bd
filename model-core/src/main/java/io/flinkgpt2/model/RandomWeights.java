package io.flinkgpt2.model;

import io.flinkgpt2.weights.DType;
import io.flinkgpt2.weights.TensorInfo;
import io.flinkgpt2.weights.TensorSink;
import io.flinkgpt2.weights.WeightsFile;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Weights of a model that nobody trained, made from a seed as they are read: for measuring a size without its files. As
 * GPT-2 is initialised: matrices have a standard deviation of 0.02, those that end a residual branch less by the square
 * root of twice the number of layers; scales are around 1 and shifts around 0. The same config and seed give the same
 * values on every machine.
 */
public final class RandomWeights implements WeightsFile {

    private static final int PIECE = 1 << 18;

    private final Gpt2Config config;
    private final long seed;
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    public RandomWeights(Gpt2Config config, long seed) {
        this.config = config;
        this.seed = seed;
        for (TensorTable.Entry entry : TensorTable.of(config)) {
            tensors.put(entry.name(), new TensorInfo(entry.name(), DType.F32, entry.shape()));
        }
        if (!config.tieWordEmbeddings()) {
            tensors.put(
                    TensorTable.LM_HEAD,
                    new TensorInfo(
                            TensorTable.LM_HEAD,
                            DType.F32,
                            TensorTable.lmHead(config).shape()));
        }
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
            throw new IllegalArgumentException("random weights have no tensor " + tensorName);
        }
        // A stream for each tensor, so that the order of reading does not matter.
        SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + tensorName.hashCode());
        float centre = tensorName.contains("ln_") && tensorName.endsWith(".weight") ? 1f : 0f;
        // A uniform distribution on [-w, w) has a standard deviation of w / sqrt 3.
        float width = (float) (deviation(tensorName) * Math.sqrt(3));
        long count = info.elementCount();
        float[] values = new float[(int) Math.min(PIECE, count)];
        for (long start = 0; start < count; start += values.length) {
            int length = (int) Math.min(values.length, count - start);
            for (int i = 0; i < length; i++) {
                // 24 random bits: every float on the grid is exact.
                float unit = (random.nextInt() >> 8) * 0x1p-23f;
                values[i] = centre + unit * width;
            }
            sink.values(values, length, start);
        }
    }

    private double deviation(String name) {
        return name.endsWith("c_proj.weight") ? 0.02 / StrictMath.sqrt(2.0 * config.layerCount()) : 0.02;
    }

    @Override
    public String describe() {
        return "random weights, seed " + seed;
    }

    @Override
    public void close() {
        // nothing is open
    }
}
