package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TrainingCheckpoint;
import java.nio.file.Path;
import java.util.OptionalInt;

/** The sizes in a checkpoint of a training program, to {@link Gpt2Config}. */
final class TrainingConfig {
    private static final float EPSILON = 1e-5f;

    private TrainingConfig() {}

    static Gpt2Config read(TrainingCheckpoint checkpoint) throws InvalidModelException {
        int embeddingSize = checkpoint.embeddingSize();
        if (embeddingSize > Integer.MAX_VALUE / 4) {
            throw new InvalidModelException(
                    Path.of(checkpoint.describe()),
                    "embedding size",
                    Integer.toString(embeddingSize),
                    "at most " + Integer.MAX_VALUE / 4,
                    "the checkpoint is damaged: save it again");
        }
        int vocabularySize = checkpoint.vocabularySize();
        return new Gpt2Config(
                vocabularySize,
                checkpoint.contextLength(),
                embeddingSize,
                checkpoint.layerCount(),
                checkpoint.headCount(),
                4 * embeddingSize,
                switch (checkpoint.program()) {
                    case NANOGPT -> Activation.GELU;
                    case LLM_C -> Activation.GELU_TANH;
                },
                EPSILON,
                true,
                false,
                true,
                Gpt2Config.DEFAULT_END_OF_TEXT_ID < vocabularySize
                        ? OptionalInt.of(Gpt2Config.DEFAULT_END_OF_TEXT_ID)
                        : OptionalInt.empty());
    }
}
