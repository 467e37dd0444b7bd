/** The job's source and sinks on files: prompts of several formats in, answers out, exactly once. */
package io.flinkgpt2.job.files;
