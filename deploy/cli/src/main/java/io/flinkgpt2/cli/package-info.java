/** Level 3: the command line: {@link io.flinkgpt2.cli.Main} and the families of its commands below it. */
package io.flinkgpt2.cli;
