package io.flinkgpt2.job.function;

import io.flinkgpt2.job.record.RequestStandards;
import io.flinkgpt2.job.record.UnknownFields;
import java.io.Serializable;

/**
 * What the functions need to turn records into completions; goes to the TaskManagers with them.
 *
 * @param jobName name of the job, part of the ids of completions
 * @param model which model, and how it is loaded
 * @param maxContext the most tokens of prompt and completion together
 * @param prefillChunk the most prompt tokens of one pass
 * @param standards what holds for a request that does not say otherwise
 * @param unknownFields what becomes of a request with a field that nothing knows
 * @param maxCopiedBytes the most bytes of a request that may be copied to its completion
 */
public record GenerationSettings(
        String jobName,
        ModelSettings model,
        int maxContext,
        int prefillChunk,
        RequestStandards standards,
        UnknownFields unknownFields,
        int maxCopiedBytes)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The same with another limit of what is copied. */
    public GenerationSettings withMaxCopiedBytes(int bytes) {
        return new GenerationSettings(jobName, model, maxContext, prefillChunk, standards, unknownFields, bytes);
    }
}
