/**
 * Level 2: a Kafka broker and a Flink cluster inside this process, so that a job runs whole on one machine with nothing
 * installed: {@link io.flinkgpt2.local.embedded.EmbeddedKafka} and {@link io.flinkgpt2.local.embedded.LocalFlink}.
 *
 * <p>Both listen on the loopback interface only, keep what they write in one directory, write nothing to standard output, and
 * are closed within seconds.
 */
package io.flinkgpt2.local.embedded;
