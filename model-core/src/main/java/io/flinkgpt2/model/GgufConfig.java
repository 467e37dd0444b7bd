package io.flinkgpt2.model;

import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.GgufMetadata;
import io.flinkgpt2.weights.InvalidModelException;
import io.flinkgpt2.weights.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** A GGUF file's metadata to {@link Gpt2Config}; the keys are those of the format's description. */
final class GgufConfig {
    static final String LAYER_COUNT = "gpt2.block_count";

    private static final String ARCHITECTURE = "general.architecture";
    private static final String GPT2 = "gpt2";
    private static final String CONTEXT_LENGTH = "gpt2.context_length";
    private static final String EMBEDDING_SIZE = "gpt2.embedding_length";
    private static final String INNER_SIZE = "gpt2.feed_forward_length";
    private static final String HEAD_COUNT = "gpt2.attention.head_count";
    private static final String EPSILON = "gpt2.attention.layer_norm_epsilon";
    private static final String END_OF_TEXT = "tokenizer.ggml.eos_token_id";
    /** The end of a turn, on which llama.cpp stops as well. */
    private static final String END_OF_TURN = "tokenizer.ggml.eot_token_id";

    private static final String PARTS = "split.count";
    private static final String ADVICE = "the file was made wrongly: convert the model again";

    private final Gguf file;
    private final GgufMetadata metadata;

    GgufConfig(Gguf file) {
        this.file = file;
        this.metadata = file.metadata();
    }

    Gpt2Config read() throws IOException {
        String architecture =
                metadata.string(ARCHITECTURE).orElseThrow(() -> missing(ARCHITECTURE, "a string, 'gpt2'"));
        if (!architecture.equals(GPT2)) {
            throw metadata.invalid(
                    ARCHITECTURE,
                    InvalidModelException.quoted(architecture),
                    "'gpt2'",
                    "only GPT-2-architecture models are supported");
        }
        refuseAPart();
        int embeddingSize = positive(EMBEDDING_SIZE);
        int headCount = positive(HEAD_COUNT);
        if (embeddingSize % headCount != 0) {
            throw metadata.invalid(
                    EMBEDDING_SIZE,
                    Integer.toString(embeddingSize),
                    "a multiple of " + HEAD_COUNT + ", " + headCount,
                    ADVICE);
        }
        int vocabularySize = vocabularySize();
        return new Gpt2Config(
                vocabularySize,
                positive(CONTEXT_LENGTH),
                embeddingSize,
                positive(LAYER_COUNT),
                headCount,
                positive(INNER_SIZE),
                Activation.GELU_TANH,
                epsilon(),
                true,
                false,
                !file.tensors().containsKey(TensorTable.GGUF_LM_HEAD),
                endOfTextIds(vocabularySize));
    }

    private void refuseAPart() throws IOException {
        long parts = metadata.integer(PARTS).orElse(1);
        if (parts > 1) {
            throw metadata.invalid(
                    PARTS, "one part of " + parts, "a whole model", "join the parts with llama-gguf-split --merge");
        }
    }

    private int vocabularySize() throws InvalidModelException {
        TensorInfo embedding = file.tensors().get(TensorTable.GGUF_TOKEN_EMBEDDING);
        boolean matrix = embedding != null && embedding.shape().size() == 2;
        long rows = matrix ? embedding.shape().get(0) : 0;
        if (rows < 1 || rows > Integer.MAX_VALUE) {
            throw new InvalidModelException(
                    file.file(),
                    "tensor '" + TensorTable.GGUF_TOKEN_EMBEDDING + "'",
                    embedding == null ? "nothing" : "shape " + embedding.shape(),
                    "a matrix with a row for each token, 1 to 2^31 - 1 of them",
                    ADVICE);
        }
        return (int) rows;
    }

    private int positive(String key) throws IOException {
        OptionalLong value = metadata.integer(key);
        long number = value.orElseThrow(() -> missing(key, "a whole number of 1 or more"));
        if (number < 1 || number > Integer.MAX_VALUE) {
            throw metadata.invalid(key, Long.toString(number), "a whole number from 1 to 2^31 - 1", ADVICE);
        }
        return (int) number;
    }

    private float epsilon() throws IOException {
        OptionalDouble value = metadata.floatingPoint(EPSILON);
        float epsilon = (float) value.orElseThrow(() -> missing(EPSILON, "a number above 0"));
        if (!(epsilon > 0 && epsilon < Float.POSITIVE_INFINITY)) {
            throw metadata.invalid(EPSILON, Double.toString(value.getAsDouble()), "a number above 0", ADVICE);
        }
        return epsilon;
    }

    /** As with a config.json, an id outside of the vocabulary is none. */
    private List<Integer> endOfTextIds(int vocabularySize) throws IOException {
        List<Integer> ids = new ArrayList<>();
        ids.add(token(metadata.integer(END_OF_TEXT).orElse(Gpt2Config.DEFAULT_END_OF_TEXT_ID)));
        metadata.integer(END_OF_TURN).ifPresent(id -> ids.add(token(id)));
        return EndOfTextIds.within(vocabularySize, ids);
    }

    private static int token(long id) {
        return id >= 0 && id <= Integer.MAX_VALUE ? (int) id : -1;
    }

    private InvalidModelException missing(String key, String expected) {
        return metadata.invalid(key, "no such key", expected, ADVICE);
    }
}
