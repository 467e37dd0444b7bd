/** Level 1: what commands share: their input and output, signals and failures, options, and how they find a model. */
package io.flinkgpt2.cli.common;
