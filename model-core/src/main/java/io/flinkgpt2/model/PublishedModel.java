package io.flinkgpt2.model;

import java.util.Arrays;
import java.util.Optional;

/** The sizes in which GPT-2 was published (Radford et al., 2019; distilgpt2: Sanh et al., 2019). */
public enum PublishedModel {
    DISTILGPT2("distilgpt2", 6, 12, 768),
    GPT2("gpt2", 12, 12, 768),
    GPT2_MEDIUM("gpt2-medium", 24, 16, 1024),
    GPT2_LARGE("gpt2-large", 36, 20, 1280),
    GPT2_XL("gpt2-xl", 48, 25, 1600);

    private final String modelName;
    private final int layerCount;
    private final int headCount;
    private final int embeddingSize;

    PublishedModel(String modelName, int layerCount, int headCount, int embeddingSize) {
        this.modelName = modelName;
        this.layerCount = layerCount;
        this.headCount = headCount;
        this.embeddingSize = embeddingSize;
    }

    /** Returns the size that was published under a name; empty if none was. */
    public static Optional<PublishedModel> named(String name) {
        return Arrays.stream(values())
                .filter(size -> size.modelName.equals(name))
                .findFirst();
    }

    /** Returns the name under which it is known. */
    public String modelName() {
        return modelName;
    }

    /**
     * Returns the config of this size: GPT-2's vocabulary, 1024 positions, the tanh GELU. Loading reads a model's own instead.
     */
    public Gpt2Config config() {
        return Gpt2Config.published(layerCount, headCount, embeddingSize);
    }
}
