package io.flinkgpt2.model;

/** Looks at what a forward pass computes on its way; for validation. Must not change the arrays. */
public interface ForwardObserver {

    /** A stage that is shown, {@code rows x columns} each. */
    enum Stage {
        /** Token plus position embedding; layer 0. */
        EMBEDDING,
        LAYER_NORM_1,
        /** Queries, keys and values side by side. */
        QKV,
        /** After the projection, before the residual. */
        ATTENTION_OUTPUT,
        /** After the second matrix, before the residual. */
        FEED_FORWARD_OUTPUT,
        BLOCK_OUTPUT,
        /** The final layer norm of the rows for which logits are wanted. */
        FINAL_LAYER_NORM
    }

    /**
     * @param data rows lie {@code stride} floats apart, from 0
     * @param layer counted from 0
     */
    void rows(Stage stage, int layer, float[] data, int rows, int columns, int stride);

    /**
     * Scaled scores before the softmax.
     *
     * @param scores one for each position up to the query's, {@code [0, position]}
     */
    void scores(int layer, int row, int head, int position, float[] scores);
}
