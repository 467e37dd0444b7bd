/** {@code batch}: files of prompts in, files of answers out, over the job in this process. */
package io.flinkgpt2.cli.batch;
