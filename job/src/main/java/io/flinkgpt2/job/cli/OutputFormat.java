package io.flinkgpt2.job.cli;

/** For whom a command writes. */
enum OutputFormat {
    /** For people. */
    TEXT,
    /** For machines: one JSON object a line. */
    JSON
}
