/** Level 1: how the next token is chosen from the logits. */
package io.flinkgpt2.sampling;
