package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;

/** The values that a request's JSON gives, each in its range, before the request is checked as a whole. */
final class RequestDraft {
    /** The envelope's {@code custom_id}, or null. */
    String envelopeCustomId;

    /** The body's {@code custom_id}, or null. */
    String customId;

    /** The body's {@code request_id}, the identity where there is no {@code custom_id}, or null. */
    String requestId;

    /** Null: the job's. */
    String model;

    /** A prompt of text, or null if it is one of token ids. */
    String promptText;

    /** A prompt of token ids, or null if it is text. */
    PromptTokens promptTokens;

    /** The parameters that the request gives; the others have their defaults. */
    final GenerationParametersBuilder parameters = GenerationParameters.builder();

    /** Null: the job's. */
    PromptTruncation truncation;

    /** Null: the job's. */
    Boolean allowSpecialTokens;

    /** Text of a JSON object, or null. */
    String metadata;

    /** Text of a JSON string, or null. */
    String user;

    boolean hasPrompt() {
        return promptText != null || promptTokens != null;
    }
}
