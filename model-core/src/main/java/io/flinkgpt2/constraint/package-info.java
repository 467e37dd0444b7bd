/** Level 2: automata over the bytes of tokens, so that an answer matches a choice, a regex or a JSON schema. */
package io.flinkgpt2.constraint;
