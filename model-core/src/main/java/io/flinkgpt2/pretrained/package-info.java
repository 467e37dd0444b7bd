/** Level 3: models as users have them: a directory or a file, with its weights, config and tokenizer. */
package io.flinkgpt2.pretrained;
