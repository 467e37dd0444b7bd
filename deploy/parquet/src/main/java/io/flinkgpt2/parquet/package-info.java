/** Prompts and answers in Parquet, for a job that has this module's jar beside its own. */
package io.flinkgpt2.parquet;
