/** Level 3: requests in, completions out: sampling, sequences, and the front door to a pretrained model. */
package io.flinkgpt2.generation;
