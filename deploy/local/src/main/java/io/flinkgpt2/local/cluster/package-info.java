/**
 * Level 2: a Flink cluster and a Kafka broker as processes of their own on this machine, which outlive the command that started
 * them.
 */
package io.flinkgpt2.local.cluster;
