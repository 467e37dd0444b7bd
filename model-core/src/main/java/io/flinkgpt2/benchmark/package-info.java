/** Level 5: measures the engine as the job drives it, beside the limits of the machine. */
package io.flinkgpt2.benchmark;
