package io.flinkgpt2.sql;

import io.flinkgpt2.json.NearestName;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedCatalogModel;
import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * The columns of a model as {@code CREATE MODEL} declares them: known by their names, in any order.
 *
 * @param input {@link InputColumn#PROMPT} and others, each once
 * @param output one or more, each once
 */
record ModelColumns(List<InputColumn> input, List<OutputColumn> output) implements Serializable {
    private static final long serialVersionUID = 1L;

    ModelColumns {
        input = List.copyOf(input);
        output = List.copyOf(output);
    }

    /** @throws IllegalArgumentException if a column is unknown, missing or of another type; says what was found and expected */
    static ModelColumns of(ResolvedCatalogModel model) {
        List<Column> declared = model.getResolvedInputSchema().getColumns();
        List<InputColumn> input = matched("INPUT", declared, InputColumn.values(), true);
        if (!input.contains(InputColumn.PROMPT)) {
            throw new IllegalArgumentException("INPUT: found the columns " + names(declared)
                    + ", expected prompt STRING among them; declare INPUT (prompt STRING)");
        }
        List<Column> given = model.getResolvedOutputSchema().getColumns();
        return new ModelColumns(input, matched("OUTPUT", given, OutputColumn.values(), false));
    }

    private static <C extends ModelColumn> List<C> matched(
            String clause, List<Column> declared, C[] known, boolean mayForbidNull) {
        List<C> columns = new ArrayList<>();
        for (Column column : declared) {
            C match = Arrays.stream(known)
                    .filter(candidate -> candidate.columnName().equals(column.getName()))
                    .findFirst()
                    .orElseThrow(() -> unknown(clause, column.getName(), known));
            requireType(clause, match, column.getDataType().getLogicalType(), mayForbidNull);
            columns.add(match);
        }
        return columns;
    }

    private static <C extends ModelColumn> IllegalArgumentException unknown(String clause, String name, C[] known) {
        List<String> names = Arrays.stream(known).map(ModelColumn::columnName).toList();
        String expected = Arrays.stream(known)
                .map(column -> column.columnName() + " " + spelled(column.type()))
                .collect(Collectors.joining(", "));
        return new IllegalArgumentException(clause + ": found the column '" + name + "', expected columns among "
                + expected + NearestName.hint(name, names));
    }

    /** A row that fails has NULL in its output columns, so none of them can forbid it. */
    private static void requireType(String clause, ModelColumn column, LogicalType found, boolean mayForbidNull) {
        LogicalType expected = column.type();
        boolean same = withoutNullability(found).equals(withoutNullability(expected));
        if (!same || !(found.isNullable() || mayForbidNull)) {
            String reason = same ? ", for a row that fails has NULL" : "";
            throw new IllegalArgumentException(clause + ": column '" + column.columnName() + "': found "
                    + found.asSummaryString() + ", expected " + spelled(expected) + reason);
        }
    }

    private static LogicalType withoutNullability(LogicalType type) {
        return type instanceof ArrayType array
                ? new ArrayType(true, array.getElementType().copy(true))
                : type.copy(true);
    }

    private static String spelled(LogicalType type) {
        return type.asSummaryString();
    }

    private static String names(List<Column> columns) {
        return columns.stream()
                .map(column -> column.getName() + " " + column.getDataType())
                .collect(Collectors.joining(", ", "(", ")"));
    }

    /** Returns whether log-probabilities are needed. */
    boolean needsScores() {
        return output.contains(OutputColumn.CUMULATIVE_LOGPROB);
    }

    /** Returns whether a row says itself why it could not be completed. */
    boolean haveError() {
        return output.contains(OutputColumn.ERROR);
    }
}
