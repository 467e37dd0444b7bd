/** Level 0: packed matrices and the kernels that work on them. Knows nothing of GPT-2. */
package io.flinkgpt2.tensor;
