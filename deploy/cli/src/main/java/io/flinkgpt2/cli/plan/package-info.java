/** Level 2: {@code plan}, what a workload needs of a cluster. */
package io.flinkgpt2.cli.plan;
