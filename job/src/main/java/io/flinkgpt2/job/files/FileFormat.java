package io.flinkgpt2.job.files;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The form in which a file holds prompts or answers. */
public enum FileFormat {
    /** Requests, one JSON object a line: bare, or in an envelope of the Batch API. */
    JSONL("jsonl", List.of("jsonl", "ndjson", "json")),
    /** Prompts as plain text: one a line, or between separator lines. */
    TEXT("text", List.of("txt", "text")),
    /** A table with a header row, as RFC 4180 has it. */
    CSV("csv", List.of("csv")),
    /** A table with a header row whose columns are separated by tabs. */
    TSV("tsv", List.of("tsv", "tab")),
    /** A table of Apache Parquet. */
    PARQUET("parquet", List.of("parquet"));

    private final String optionValue;
    private final List<String> extensions;

    FileFormat(String optionValue, List<String> extensions) {
        this.optionValue = optionValue;
        this.extensions = extensions;
    }

    /** Returns the format that a file's name ends with, that of a compression left out; empty where it is none of these. */
    public static Optional<FileFormat> ofName(String fileName) {
        String name = Compression.nameWithout(fileName);
        String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
        for (FileFormat format : values()) {
            if (name.indexOf('.') >= 0 && format.extensions.contains(extension)) {
                return Optional.of(format);
            }
        }
        return Optional.empty();
    }

    /** Returns whether its records are rows of named columns. */
    public boolean isTable() {
        return this == CSV || this == TSV || this == PARQUET;
    }

    /** Returns the value of the option; Flink compares it. */
    @Override
    public String toString() {
        return optionValue;
    }
}
