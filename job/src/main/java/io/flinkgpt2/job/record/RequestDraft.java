package io.flinkgpt2.job.record;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.GenerationParametersBuilder;
import io.flinkgpt2.sampling.ScoreParameters;
import java.util.ArrayList;
import java.util.List;

/** The values that a request's JSON gives, each in its range, before the request is checked as a whole. */
final class RequestDraft {
    /** Whether the request came in an envelope. */
    boolean envelope;

    /** The envelope's {@code custom_id}, or null. */
    String envelopeCustomId;

    /** The body's {@code custom_id}, or null. */
    String customId;

    /** The body's {@code request_id}, the identity where there is no {@code custom_id}, or null. */
    String requestId;

    /** Null: the job's. */
    String model;

    /** Prompts of text; empty if they are of token ids or there are none. */
    final List<String> promptTexts = new ArrayList<>(1);

    /** Prompts of token ids; empty if they are of text or there are none. */
    final List<PromptTokens> promptTokens = new ArrayList<>(1);

    /** The parameters that the request gives and that stand alone; the others have their defaults. */
    final GenerationParametersBuilder parameters = GenerationParameters.builder();

    int maxTokens = 16;
    int minTokens;
    int choices = 1;

    /** Null: {@link #choices}. */
    Integer bestOf;

    boolean beamSearch;
    double lengthPenalty = 1;
    boolean earlyStopping;

    /** Null: a function of the request's id. */
    Long seed;

    int logprobs = ScoreParameters.NONE;
    int[] labelIds = {};
    boolean returnTokenIds;
    boolean returnTokensAsTokenIds;

    /** The constraint that the answer must match, or null. */
    ConstraintSource constraint;

    /** The field, or the member of one, that gives {@link #constraint}; null if there is none. */
    String constraintField;

    /** Null: the job's. */
    PromptTruncation truncation;

    /** Number of tokens that a prompt is cut to, or -1 for as many as fit; null: by {@link #truncation} only. */
    Integer truncateTokens;

    /** The end that {@link #truncateTokens} cuts off. */
    PromptTruncation truncationSide = PromptTruncation.LEFT;

    /** Null: the job's. */
    Boolean allowSpecialTokens;

    int priority;

    /** Text of a JSON object, or null. */
    String metadata;

    /** Text of a JSON string, or null. */
    String user;

    /** Text of a JSON string, or null. */
    String sessionId;

    /** Returns the number of prompts. */
    int promptCount() {
        return promptTexts.size() + promptTokens.size();
    }

    /** Returns the number of completions that are generated of each prompt. */
    int generated() {
        return bestOf == null ? choices : Math.max(choices, bestOf);
    }
}
