/** Measures the engine as a job drives it, beside what the machine can do at most. */
package io.flinkgpt2.benchmark;
