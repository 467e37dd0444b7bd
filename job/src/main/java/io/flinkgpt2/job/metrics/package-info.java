/** Level 1: what the job tells about itself. */
package io.flinkgpt2.job.metrics;
