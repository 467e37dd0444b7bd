package io.flinkgpt2.job.record;

/** One generated text. */
public class CompletionChoice {
    /** Index among the choices of the request, from 0: those of its first prompt, then those of the next. */
    public int index;

    /** The generated text; with {@code echo}, after the prompt's. */
    public String text;

    /** The generated ids, see {@link io.flinkgpt2.generation.Completion#tokenIds}; null: the request did not ask for them. */
    public int[] tokenIds;

    /** {@code stop}, {@code length}, {@code repetition}, {@code timeout} or {@code cancelled}. */
    public String finishReason;

    /**
     * The limit that was reached, the text that ended the generation, or {@code repetition_detected}; null at end of text and
     * for a token id.
     */
    public String stopReason;

    /** The token id that ended the generation, if the request names it; else null. */
    public Integer stopTokenId;

    /** Text of a JSON object, see {@link ScoresJson}; null: the request did not ask for it. */
    public String logprobs;

    /** Sum of the log-probabilities of the generated tokens; null where they are not known. */
    public Double cumulativeLogprob;

    /** Text of a JSON array, see {@link ScoresJson}; null: the request did not ask for it. */
    public String promptLogprobs;

    /** Ids of the prompt as the model saw it; null: the request did not ask for them. */
    public int[] promptTokenIds;

    /** Number of tokens that were cut off the prompt; with 0 the record does not speak of it. */
    public int promptTokensDropped;

    /** {@link PromptRequest#truncatedSide}. */
    public String truncatedSide;

    public CompletionChoice() {}
}
