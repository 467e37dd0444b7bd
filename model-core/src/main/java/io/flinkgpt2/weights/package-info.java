/** Level 1: files of named tensors, streamed in bounded pieces. */
package io.flinkgpt2.weights;
