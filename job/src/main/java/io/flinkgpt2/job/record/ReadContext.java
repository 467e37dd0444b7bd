package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.PromptLimits;

/**
 * The surroundings of a field that is read.
 *
 * @param json the parser, which stands at the field's value
 * @param limits say which token ids there are, and how many of a prompt to keep
 * @param policy for members of objects that the format does not know
 */
record ReadContext(JsonFields json, PromptLimits limits, UnknownFields policy) {}
