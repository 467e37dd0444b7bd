package io.flinkgpt2.job.record;

import java.io.Serializable;

/**
 * The room for answers.
 *
 * @param copiedBytes the most that a request may make its answer carry, in bytes: Kafka key, headers with what Kafka adds to
 *     each, {@code custom_id}, {@code metadata}, {@code user} and {@code session_id} together, the last four as JSON
 * @param recordBytes the most bytes of an answer, key and headers included
 */
public record AnswerLimits(int copiedBytes, int recordBytes) implements Serializable {
    private static final long serialVersionUID = 1L;

    public AnswerLimits {
        if (copiedBytes < 0) {
            throw new IllegalArgumentException("copiedBytes: found " + copiedBytes + ", expected 0 or more");
        }
        if (recordBytes < 0) {
            throw new IllegalArgumentException("recordBytes: found " + recordBytes + ", expected 0 or more");
        }
    }

    /** Returns limits for answers that no topic has to take. */
    public static AnswerLimits none() {
        return new AnswerLimits(Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    /** Refuses a request whose answer would not fit. */
    void require(PromptRequest request, int maxContext) throws InvalidRequestException {
        long copied = AnswerSize.copied(request);
        if (copied > copiedBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.TOO_LARGE,
                    null,
                    "what the answer copies (key, headers, custom_id, metadata, user, session_id): found " + copied
                            + " bytes, expected at most " + copiedBytes
                            + ", for the answer must fit its topic; shorten them");
        }
        long expected = copied + AnswerSize.generated(request, maxContext);
        if (expected > recordBytes) {
            throw new InvalidRequestException(
                    InvalidRequestException.TOO_LARGE,
                    null,
                    "the answer: found about " + expected
                            + " bytes of choices, log-probabilities and token ids, expected at"
                            + " most " + recordBytes
                            + ", for the answer must fit its topic; ask for less of n, max_tokens,"
                            + " logprobs, prompt_logprobs, echo, or raise the topic's max.message.bytes");
        }
    }
}
