package io.flinkgpt2.weights;

/**
 * A checkpoint of a program that trains GPT-2 from scratch, which tells its model's sizes itself. Tensors have the names of
 * the transformers library, but the weights of linear layers are stored {@code (out, in)}.
 *
 * <p>Such programs pad GPT-2's vocabulary of 50,257 tokens for the sake of the hardware, mostly to 50,304. Padded rows mean no
 * token, so they are left out: {@link #tensors()} has the rows that {@link #vocabularySize()} says.
 */
public sealed interface TrainingCheckpoint extends WeightsFile permits NanoGptCheckpoint, LlmcCheckpoint {
    /** Tokens of GPT-2's own vocabulary. */
    int GPT2_VOCABULARY = 50257;

    /** Most rows that GPT-2's vocabulary is padded to: the next multiple of 128. */
    int PADDED_GPT2_VOCABULARY = 50304;

    /** A program that writes such checkpoints, which decides what the checkpoint does not say. */
    enum Program {
        /** nanoGPT: exact GELU. */
        NANOGPT,
        /** llm.c: tanh GELU. */
        LLM_C
    }

    /** The program that wrote it. */
    Program program();

    /** Returns the number of layers, 1 or more. */
    int layerCount();

    /** Returns the number of attention heads, 1 or more. */
    int headCount();

    /** Width of the embeddings: a multiple of {@link #headCount}. */
    int embeddingSize();

    /** Longest sequence, 1 or more. */
    int contextLength();

    /** Returns the number of tokens of the vocabulary, 1 or more: 50,257 if there are more rows, up to 50,304. */
    int vocabularySize();

    /** Returns the number of rows of the token embedding as stored, {@link #vocabularySize} or more. */
    int storedRows();

    /** Returns the number of tokens that so many rows of a token embedding stand for. */
    static int tokens(int rows) {
        return rows >= GPT2_VOCABULARY && rows <= PADDED_GPT2_VOCABULARY ? GPT2_VOCABULARY : rows;
    }
}
