/** Level 4: the pipeline's source and sinks on Kafka. */
package io.flinkgpt2.job.kafka;
