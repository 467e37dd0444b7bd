package io.flinkgpt2.cli.common;

/** For whom a command writes. */
public enum OutputFormat {
    /** For people. */
    TEXT,
    /** For machines: one JSON object a line. */
    JSON
}
