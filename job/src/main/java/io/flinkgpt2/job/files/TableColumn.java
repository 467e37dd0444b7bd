package io.flinkgpt2.job.files;

import java.io.Serializable;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A column of a table.
 *
 * @param name its name
 * @param type its type in the words of its format; null for text
 */
public record TableColumn(String name, String type) implements Serializable {
    private static final long serialVersionUID = 1L;

    public TableColumn {
        Objects.requireNonNull(name, "name");
    }

    /** Returns a column of texts. */
    public static TableColumn text(String name) {
        return new TableColumn(name, null);
    }

    /**
     * Returns the columns of several tables together, in the order in which their names first appear. A column whose tables
     * do not agree on its type becomes one of texts.
     */
    public static List<TableColumn> union(Collection<List<TableColumn>> tables) {
        Map<String, TableColumn> union = new LinkedHashMap<>();
        for (List<TableColumn> table : tables) {
            for (TableColumn column : table) {
                union.merge(column.name, column, (one, other) -> one.equals(other) ? one : text(one.name));
            }
        }
        return List.copyOf(union.values());
    }
}
