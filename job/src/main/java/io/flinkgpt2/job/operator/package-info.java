/** Level 3: continuous batching inside Flink. */
package io.flinkgpt2.job.operator;
