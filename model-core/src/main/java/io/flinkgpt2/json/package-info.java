/** Level 0: messages about text that is not valid JSON, in words for users; text in quotes. */
package io.flinkgpt2.json;
