/** Level 2: the functions of the pipeline. */
package io.flinkgpt2.job.function;
