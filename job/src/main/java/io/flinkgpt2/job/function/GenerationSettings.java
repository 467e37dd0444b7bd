package io.flinkgpt2.job.function;

import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.CompletionRecords;
import io.flinkgpt2.job.record.ConstraintCheck;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.job.record.SystemFingerprint;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.Serializable;
import java.util.Set;

/**
 * The settings with which the functions turn records into completions; they go to the TaskManagers with them.
 *
 * @param jobName name of the job, part of the ids of completions
 * @param model which model, and how it is loaded
 * @param maxContext the most tokens of prompt and completion together; null for what the model has
 * @param prefillChunk the most prompt tokens of one pass
 * @param defaults used for requests that lack them
 * @param unknownFields what becomes of a request with a field that nothing knows
 * @param envelope which answers are written in an envelope
 * @param answers the room for answers
 */
public record GenerationSettings(
        String jobName,
        ModelSettings model,
        Integer maxContext,
        int prefillChunk,
        RequestDefaults defaults,
        UnknownFields unknownFields,
        RecordEnvelope envelope,
        AnswerLimits answers)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Returns the most tokens of prompt and completion together with a model: its {@code n_positions} unless a number is given. */
    public int maxContext(Gpt2Config config) {
        return maxContext == null ? config.contextLength() : maxContext;
    }

    /** Returns the parser of requests for a model that these settings run. */
    public RequestParser parser(Pretrained pretrained) {
        return new RequestParser(
                pretrained.tokenizer(),
                new PromptLimits(pretrained.config(), maxContext(pretrained.config())),
                Set.copyOf(model.names()),
                unknownFields,
                answers,
                defaults,
                ConstraintCheck.compiledBy(pretrained.constraints()));
    }

    /** Returns the maker of this job's answers with a model that these settings run. */
    public CompletionRecords records(Pretrained pretrained) {
        return new CompletionRecords(
                jobName, model.name(), pretrained.revision(), pretrained.precision(), pretrained.tokenizer(), envelope);
    }

    /**
     * Everything that generated tokens are a function of, beside their request: model revision, numeric mode with the engine's
     * version, and the settings that change a prompt or where it ends. Tokens made under one identity are not continued under
     * another. Names, unknown fields and all that only changes memory or speed are no part of it.
     */
    public String identity(Pretrained pretrained) {
        return "model_revision=" + pretrained.revision()
                + " system_fingerprint=" + SystemFingerprint.of(pretrained.precision())
                + " max-context=" + maxContext(pretrained.config())
                + " truncate-prompt=" + defaults.truncation().wireName()
                + " allow-special-tokens=" + defaults.allowSpecialTokens()
                + (defaults.fields().isEmpty() ? "" : " request=" + defaults.describeFields());
    }

    /** Returns the same with another model. */
    public GenerationSettings withModel(ModelSettings other) {
        return new GenerationSettings(
                jobName, other, maxContext, prefillChunk, defaults, unknownFields, envelope, answers);
    }

    /** Returns the same with other room for answers. */
    public GenerationSettings withAnswers(AnswerLimits other) {
        return new GenerationSettings(
                jobName, model, maxContext, prefillChunk, defaults, unknownFields, envelope, other);
    }
}
