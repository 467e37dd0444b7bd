/** Level 1: the guard of Flink's web port, which decides what reaches the REST API of a cluster that was started here. */
package io.flinkgpt2.local.web;
