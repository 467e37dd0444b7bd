/**
 * A Kafka broker and a Flink cluster inside this process, so that the job runs whole on one machine with nothing installed:
 * {@link io.flinkgpt2.job.local.EmbeddedKafka} and {@link io.flinkgpt2.job.local.LocalFlink}.
 *
 * <p>Both listen on the loopback interface only, keep what they write in one directory, write nothing to standard output, and
 * are closed within seconds. They need Kafka's broker and Flink's runtime on the class path, which the job's jar does not hold.
 */
package io.flinkgpt2.job.local;
