/** Level 4: what a broker of one node is told, in this process or one of its own; and ports to listen on. */
package io.flinkgpt2.job.broker;
