/** Level 2: GPT-2's configuration, weights, forward pass and KV cache. */
package io.flinkgpt2.model;
