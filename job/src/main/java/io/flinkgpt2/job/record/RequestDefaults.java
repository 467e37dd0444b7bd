package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.PromptTruncation;
import java.io.Serializable;
import java.util.Objects;

/**
 * Defaults of a job for fields that a request lacks.
 *
 * @param truncation {@code truncate_prompt}: what becomes of a prompt that does not fit
 * @param allowSpecialTokens {@code allow_special_tokens}: whether text that spells a special token is that token
 */
public record RequestDefaults(PromptTruncation truncation, boolean allowSpecialTokens) implements Serializable {
    private static final long serialVersionUID = 1L;

    public RequestDefaults {
        Objects.requireNonNull(truncation, "truncation");
    }

    /** Returns the format's own: a prompt that does not fit is an error, and text is only text. */
    public static RequestDefaults ofTheFormat() {
        return new RequestDefaults(PromptTruncation.ERROR, false);
    }
}
