/** Level 2: the sinks of answers and dead letters. They write exactly once, and a transaction is never lost silently. */
package io.flinkgpt2.job.kafka.sink;
