/** Level 1: byte-level BPE, text to token ids and back. */
package io.flinkgpt2.tokenizer;
