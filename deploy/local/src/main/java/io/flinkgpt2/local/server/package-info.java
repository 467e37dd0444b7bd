/**
 * Level 1: what the servers in this process and those in processes of their own share: ports, directories, a broker's settings.
 */
package io.flinkgpt2.local.server;
