package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.PromptLimits;

/**
 * The surroundings of a field that is read.
 *
 * @param json the parser, which stands at the field's value
 * @param limits say which token ids a prompt may have, and how many of them to keep
 */
record ReadContext(JsonFields json, PromptLimits limits) {}
