package io.flinkgpt2.job;

import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.DeadLetter;
import org.apache.flink.streaming.api.datastream.DataStream;

/**
 * The answers to a stream of requests: each request is answered in one of the two streams.
 *
 * @param completions answers to valid requests; one that failed inside has an {@code error} and no choices
 * @param deadLetters records that are not a valid request, with the reason
 */
public record CompletionStreams(DataStream<CompletionRecord> completions, DataStream<DeadLetter> deadLetters) {}
