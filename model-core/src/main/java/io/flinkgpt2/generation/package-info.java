/** Level 3: requests in, completions out: sequences and the batches that compute them. */
package io.flinkgpt2.generation;
