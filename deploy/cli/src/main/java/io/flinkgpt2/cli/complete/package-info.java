/** Level 2: {@code complete} and {@code tokenize}, which read requests or text and need no cluster. */
package io.flinkgpt2.cli.complete;
