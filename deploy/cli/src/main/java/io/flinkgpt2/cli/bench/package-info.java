/** Level 2: {@code bench}, which measures the engine beside the limits of the machine. */
package io.flinkgpt2.cli.bench;
