/** Level 3: what the text of an answer must match, as automata over the bytes of tokens. */
package io.flinkgpt2.constraint;
