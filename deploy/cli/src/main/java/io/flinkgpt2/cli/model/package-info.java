/** Level 2: {@code fetch}, {@code models}, {@code convert} and {@code random-model}, which make and list models. */
package io.flinkgpt2.cli.model;
