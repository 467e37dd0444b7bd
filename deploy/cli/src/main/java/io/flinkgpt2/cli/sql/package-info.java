/** {@code sql}: scripts of Flink SQL in this process. The planner is on the class path of this command only. */
package io.flinkgpt2.cli.sql;
