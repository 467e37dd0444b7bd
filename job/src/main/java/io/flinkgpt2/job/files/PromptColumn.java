package io.flinkgpt2.job.files;

import io.flinkgpt2.job.record.FieldNames;
import io.flinkgpt2.job.record.WireText;
import java.util.List;
import java.util.stream.Collectors;

/** The column of a table that holds the prompts. */
public final class PromptColumn {

    private PromptColumn() {}

    /**
     * Requires that a table has it.
     *
     * @param file the table's name, for the message
     * @throws InvalidInputException if it has not; names the columns that it has, and the nearest
     */
    public static void require(String column, List<String> columns, String file) {
        if (columns.contains(column)) {
            return;
        }
        String meant = FieldNames.nearest(column, columns)
                .map(name -> "; did you mean " + WireText.quoted(name) + "?")
                .orElse(".");
        throw new InvalidInputException(
                file,
                "the columns " + columns.stream().map(WireText::quoted).collect(Collectors.joining(", ")),
                WireText.quoted(column) + ", which holds the prompts" + meant
                        + " Name the column that does (--prompt-column)");
    }
}
