/** Level 0: messages about text that is not valid JSON, in words for users; text in quotes; the names that misspelt ones were meant to be. */
package io.flinkgpt2.json;
