/** Level 2: {@code verify}, which checks whether a model is computed rightly. */
package io.flinkgpt2.cli.verify;
