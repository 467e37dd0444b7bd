package io.flinkgpt2.job.function;

import io.flinkgpt2.job.record.UnknownFields;
import java.io.Serializable;
import java.util.List;

/**
 * What the functions need to turn records into completions; goes to the TaskManagers with them.
 *
 * @param jobName name of the job, part of the ids of completions
 * @param modelPath directory of the model on the TaskManagers
 * @param modelNames names under which a request may ask for the model; the first is its own
 * @param maxContext the most tokens of prompt and completion together
 * @param prefillChunk the most prompt tokens of one pass
 * @param unknownFields what becomes of a request with a field that nothing knows
 * @param maxCopiedBytes the most bytes of a request that may be copied to its completion
 */
public record GenerationSettings(
        String jobName,
        String modelPath,
        List<String> modelNames,
        int maxContext,
        int prefillChunk,
        UnknownFields unknownFields,
        int maxCopiedBytes)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    /** What completions call the model. */
    public String modelName() {
        return modelNames.get(0);
    }

    /** The same with another limit of what is copied. */
    public GenerationSettings withMaxCopiedBytes(int bytes) {
        return new GenerationSettings(jobName, modelPath, modelNames, maxContext, prefillChunk, unknownFields, bytes);
    }
}
