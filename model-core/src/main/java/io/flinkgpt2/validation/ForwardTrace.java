package io.flinkgpt2.validation;

import io.flinkgpt2.model.ForwardObserver;
import io.flinkgpt2.model.Gpt2;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvCache;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * One pass over a whole prompt and what it computed on its way: the tensors of block 0, row-major {@code [position, ...]},
 * or {@code [head, position, ...]} for cache and scores (entries above the scores' diagonal are 0), and the logits of all
 * positions.
 */
final class ForwardTrace {

    private final Map<TracedTensor, Tensor> tensors;
    private final float[][] logits;

    private ForwardTrace(Map<TracedTensor, Tensor> tensors, float[][] logits) {
        this.tensors = tensors;
        this.logits = logits;
    }

    /** @param tokenIds 1 or more, at most {@code n_positions} */
    static ForwardTrace of(Gpt2 model, int[] tokenIds) {
        KvCache cache = new KvCache(model.config(), tokenIds.length);
        Recorder recorder = new Recorder(model.config(), tokenIds.length);
        float[][] logits = Passes.allLogits(model, cache, tokenIds, recorder);
        recorder.copyCache(cache);
        return new ForwardTrace(recorder.tensors, logits);
    }

    Tensor tensor(TracedTensor name) {
        return tensors.get(name);
    }

    /** {@code [position][vocab_size]}. */
    float[][] logits() {
        return logits;
    }

    /** Returns the logits as one tensor, {@code [position, vocab_size]}. */
    Tensor allLogits() {
        return new Tensor(List.of(logits.length, logits[0].length), Passes.concatenated(logits));
    }

    private static final class Recorder implements ForwardObserver {

        private final Gpt2Config config;
        private final int positions;
        private final Map<TracedTensor, Tensor> tensors = new EnumMap<>(TracedTensor.class);

        Recorder(Gpt2Config config, int positions) {
            this.config = config;
            this.positions = positions;
            tensors.put(TracedTensor.SCORES, ofHeads(positions));
        }

        private Tensor ofHeads(int columns) {
            int heads = config.headCount();
            return new Tensor(
                    List.of(heads, positions, columns),
                    new float[Math.multiplyExact(Math.multiplyExact(heads, positions), columns)]);
        }

        @Override
        public void rows(Stage stage, int layer, float[] data, int rows, int columns, int stride) {
            if (layer > 0) {
                return;
            }
            TracedTensor.ofStage(stage).ifPresent(name -> {
                float[] values = new float[rows * columns];
                for (int r = 0; r < rows; r++) {
                    System.arraycopy(data, r * stride, values, r * columns, columns);
                }
                tensors.put(name, new Tensor(List.of(rows, columns), values));
            });
        }

        @Override
        public void scores(int layer, int row, int head, int position, float[] scores) {
            if (layer == 0) {
                float[] all = tensors.get(TracedTensor.SCORES).values();
                System.arraycopy(scores, 0, all, (head * positions + row) * positions, position + 1);
            }
        }

        void copyCache(KvCache cache) {
            int headSize = config.headSize();
            Tensor keys = ofHeads(headSize);
            Tensor values = ofHeads(headSize);
            int i = 0;
            for (int head = 0; head < config.headCount(); head++) {
                for (int p = 0; p < positions; p++) {
                    for (int d = 0; d < headSize; d++, i++) {
                        keys.values()[i] = cache.key(0, head, p, d);
                        values.values()[i] = cache.value(0, head, p, d);
                    }
                }
            }
            tensors.put(TracedTensor.CACHE_KEYS, keys);
            tensors.put(TracedTensor.CACHE_VALUES, values);
        }
    }

    /** Keys, then values, of the QKV rows in the order of the cache: {@code [2, head, position, headSize]}. */
    static float[] keysAndValues(Gpt2Config config, Tensor qkv) {
        int n = config.embeddingSize();
        int headSize = config.headSize();
        int positions = qkv.shape().get(0);
        float[] columns = new float[2 * positions * n];
        int to = 0;
        for (int part = 1; part <= 2; part++) {
            for (int head = 0; head < config.headCount(); head++) {
                for (int p = 0; p < positions; p++, to += headSize) {
                    System.arraycopy(qkv.values(), (3 * p + part) * n + head * headSize, columns, to, headSize);
                }
            }
        }
        return columns;
    }

    /** Keys, then values, as the cache holds them: {@code [2, head, position, headSize]}. */
    Tensor cache() {
        Tensor keys = tensor(TracedTensor.CACHE_KEYS);
        float[] keyValues = keys.values();
        float[] values = tensor(TracedTensor.CACHE_VALUES).values();
        float[] both = Arrays.copyOf(keyValues, 2 * keyValues.length);
        System.arraycopy(values, 0, both, keyValues.length, values.length);
        return new Tensor(
                List.of(
                        2,
                        keys.shape().get(0),
                        keys.shape().get(1),
                        keys.shape().get(2)),
                both);
    }
}
