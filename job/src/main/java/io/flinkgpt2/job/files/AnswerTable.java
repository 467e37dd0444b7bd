package io.flinkgpt2.job.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Answers as a table: the columns of the input as they were, then {@code completion}, {@code finish_reason} and {@code index}; a
 * row for each choice. Requests, which have no columns, have {@code custom_id} and {@code metadata}. Where the input has a
 * column of the name of an added one, the added one is called {@code completion_2} or, if that is taken too, {@code completion_3}
 * and so on.
 */
public final class AnswerTable {
    private static final String CUSTOM_ID = "custom_id";
    private static final String METADATA = "metadata";

    private final List<TableColumn> carried;
    private final List<String> names;

    /** @param carried the columns of all inputs */
    public AnswerTable(List<TableColumn> carried) {
        this.carried = List.copyOf(carried);
        Set<String> taken = new LinkedHashSet<>();
        carried.forEach(column -> taken.add(column.name()));
        for (String added : List.of("completion", "finish_reason", "index")) {
            taken.add(free(added, taken));
        }
        this.names = List.copyOf(taken);
    }

    /** Returns the columns that a file of requests has. */
    public static List<TableColumn> columnsOfRequests() {
        return List.of(TableColumn.text(CUSTOM_ID), TableColumn.text(METADATA));
    }

    private static String free(String name, Collection<String> taken) {
        String free = name;
        for (int i = 2; taken.contains(free); i++) {
            free = name + "_" + i;
        }
        return free;
    }

    /** Returns the columns of the input. */
    public List<TableColumn> carried() {
        return carried;
    }

    /** Returns the names of all columns: those of the input, and three more. */
    public List<String> names() {
        return names;
    }

    /**
     * Returns the values of the columns of the input; null where there is none.
     *
     * @param record null if it is not known; a request's are in its answer
     */
    public List<JsonNode> values(FileRecord record, AnswerFields answer) {
        List<JsonNode> values = new ArrayList<>(carried.size());
        for (TableColumn column : carried) {
            JsonNode value = record == null || record.columns() == null
                    ? ofRequest(column.name(), answer)
                    : record.columns().get(column.name());
            values.add(value == null || value.isNull() ? null : value);
        }
        return values;
    }

    private static JsonNode ofRequest(String column, AnswerFields answer) {
        return switch (column) {
            case CUSTOM_ID -> answer.customId() == null ? null : TextNode.valueOf(answer.customId());
            case METADATA -> TextNode.valueOf(answer.metadata());
            default -> null;
        };
    }
}
