package io.flinkgpt2.validation;

import io.flinkgpt2.model.ForwardObserver.Stage;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** The tensors of a forward pass that are compared, in the order in which they are computed. */
enum TracedTensor {
    EMBEDDING("embedding", "token and position embedding", Stage.EMBEDDING, 0, 1e-5),
    LAYER_NORM("block0.layerNorm1", "layer norm of block 0", Stage.LAYER_NORM_1, 1, 1e-5),
    QKV("block0.qkv", "QKV of block 0", Stage.QKV, 2, 1e-4),
    CACHE_KEYS("block0.cacheKeys", "cached keys of block 0", null, 3, 1e-4),
    CACHE_VALUES("block0.cacheValues", "cached values of block 0", null, 3, 1e-4),
    SCORES("block0.attentionScores", "scaled scores of block 0", null, 4, 1e-4),
    ATTENTION_OUTPUT("block0.attentionOutput", "attention output of block 0", Stage.ATTENTION_OUTPUT, 5, 1e-4),
    FEED_FORWARD_OUTPUT(
            "block0.feedForwardOutput", "feed-forward output of block 0", Stage.FEED_FORWARD_OUTPUT, 6, 1e-4),
    BLOCK_OUTPUT("block0.output", "output of block 0", Stage.BLOCK_OUTPUT, 7, 1e-4),
    FINAL_LAYER_NORM("finalLayerNorm", "final layer norm", Stage.FINAL_LAYER_NORM, 0, 1e-3);

    private final String key;
    private final String title;
    private final Stage stage;
    private final int point;
    private final double tolerance;

    TracedTensor(String key, String title, Stage stage, int point, double tolerance) {
        this.key = key;
        this.title = title;
        this.stage = stage;
        this.point = point;
        this.tolerance = tolerance;
    }

    /** Returns its name among the {@code activations} of a file of expected values. */
    String key() {
        return key;
    }

    String title() {
        return title;
    }

    /** Returns the validation point that it belongs to, if any. */
    OptionalInt point() {
        return point == 0 ? OptionalInt.empty() : OptionalInt.of(point);
    }

    /** Shown only where there is something to compare it with: the points say as much without it. */
    boolean isDetail() {
        return this == CACHE_KEYS || this == CACHE_VALUES || point == 0;
    }

    /** Returns the largest difference, absolute, in a published model. */
    double publishedTolerance() {
        return tolerance;
    }

    /** Returns all of them. */
    static List<String> keys() {
        return Arrays.stream(values()).map(TracedTensor::key).toList();
    }

    static Optional<TracedTensor> ofKey(String key) {
        for (TracedTensor tensor : values()) {
            if (tensor.key.equals(key)) {
                return Optional.of(tensor);
            }
        }
        return Optional.empty();
    }

    static Optional<TracedTensor> ofStage(Stage stage) {
        for (TracedTensor tensor : values()) {
            if (tensor.stage == stage) {
                return Optional.of(tensor);
            }
        }
        return Optional.empty();
    }
}
