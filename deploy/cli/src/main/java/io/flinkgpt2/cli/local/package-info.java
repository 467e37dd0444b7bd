/** Level 2: {@code demo} and {@code local}, which run broker, cluster and job in this process. */
package io.flinkgpt2.cli.local;
