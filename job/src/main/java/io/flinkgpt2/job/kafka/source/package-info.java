/** Level 2: the source of prompts. It adds an end to Kafka's own source, where a run has one. */
package io.flinkgpt2.job.kafka.source;
