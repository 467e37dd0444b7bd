/** Level 5: the command line. */
package io.flinkgpt2.job.cli;
