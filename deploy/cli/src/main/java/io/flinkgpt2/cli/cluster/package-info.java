/** Level 2: {@code cluster} with its parts, {@code submit} and {@code stop-job}. */
package io.flinkgpt2.cli.cluster;
