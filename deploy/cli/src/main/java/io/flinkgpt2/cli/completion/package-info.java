/** Level 2: {@code completion}, the script by which a shell completes commands and options. */
package io.flinkgpt2.cli.completion;
