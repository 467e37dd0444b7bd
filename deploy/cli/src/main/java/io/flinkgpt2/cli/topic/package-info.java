/** {@code produce} and {@code consume}: files to and from a topic. */
package io.flinkgpt2.cli.topic;
