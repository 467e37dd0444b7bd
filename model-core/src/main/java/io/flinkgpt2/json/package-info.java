/** Level 0: malformed JSON, explained to users. */
package io.flinkgpt2.json;
