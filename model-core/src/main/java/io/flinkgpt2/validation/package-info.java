/** Level 5: whether a model is computed rightly: its validation points, published answers, self-checks and perplexity. */
package io.flinkgpt2.validation;
