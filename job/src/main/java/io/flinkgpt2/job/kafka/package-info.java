/** Level 3: the job's connection to Kafka: its settings, what the brokers grant it, and its source and sinks put together. */
package io.flinkgpt2.job.kafka;
