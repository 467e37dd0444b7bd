/** Level 0: hash functions. */
package io.flinkgpt2.digest;
