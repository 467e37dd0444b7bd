/**
 * Level 1: models by name. Resolves {@code gpt2} or {@code owner/name@revision} to a directory in a cache, and fetches from
 * the model hub what is missing there. Knows nothing of what is in the files but their names, sizes and checksums.
 */
package io.flinkgpt2.hub;
