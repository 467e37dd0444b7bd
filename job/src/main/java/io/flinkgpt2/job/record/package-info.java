/**
 * Level 0: the records on the wire: flat types that Flink serializes as POJOs, and their JSON. Knows neither Flink nor Kafka.
 *
 * <p>A {@link io.flinkgpt2.job.record.PromptRecord} is what the prompts' topic holds;
 * {@link io.flinkgpt2.job.record.RequestParser} makes a {@link io.flinkgpt2.job.record.PromptRequest} of it, or says what is
 * wrong with it. What was generated is a {@link io.flinkgpt2.job.record.CompletionRecord}, written by
 * {@link io.flinkgpt2.job.record.CompletionJson}; what was refused is a {@link io.flinkgpt2.job.record.DeadLetter}, written by
 * {@link io.flinkgpt2.job.record.DeadLetterJson}.
 *
 * <p>The format is the body of OpenAI's Completions API, with vLLM's names for what that lacks, bare or in the envelope of
 * OpenAI's Batch API. Fields of the types are public and mutable because Flink's POJO serializer wants them so.
 */
package io.flinkgpt2.job.record;
