/** Level 4: the job, its options and how it is put together. */
package io.flinkgpt2.job;
