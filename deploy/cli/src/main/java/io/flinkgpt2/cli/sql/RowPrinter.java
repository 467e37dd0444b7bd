package io.flinkgpt2.cli.sql;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Printable;
import java.io.PrintWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.types.RowKind;

/**
 * Prints the rows of queries as they come, a line each: for people the values between bars, below a line of names; for machines
 * JSON objects.
 */
final class RowPrinter {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final PrintWriter out;
    private final OutputFormat format;

    RowPrinter(PrintWriter out, OutputFormat format) {
        this.out = out;
        this.format = format;
    }

    /** The rows of one query. */
    interface Rows {
        /** @param texts of its values, as Flink casts them to STRING */
        void print(RowData row, String[] texts);
    }

    /** Begins the rows of a query. */
    Rows begin(ResolvedSchema schema) {
        List<String> names = schema.getColumnNames();
        if (format == OutputFormat.JSON) {
            return (row, texts) -> line(json(schema, row, texts).toString());
        }
        if (names.size() == 1) {
            // A plan, a definition: text of several lines.
            return (row, texts) -> line(Printable.text(kind(row) + texts[0]));
        }
        line(joined(names.toArray(new String[0])));
        return (row, texts) -> line(kind(row) + joined(texts));
    }

    private void line(String text) {
        out.print(text + "\n");
        out.flush();
    }

    /** An insertion, which most queries have alone, is not marked. */
    private static String kind(RowData row) {
        return row.getRowKind() == RowKind.INSERT ? "" : row.getRowKind().shortString() + " ";
    }

    private static String joined(String[] texts) {
        return Arrays.stream(texts).map(Printable::line).collect(Collectors.joining(" | "));
    }

    private static ObjectNode json(ResolvedSchema schema, RowData row, String[] texts) {
        ObjectNode json = MAPPER.createObjectNode();
        if (row.getRowKind() != RowKind.INSERT) {
            json.put("op", row.getRowKind().shortString());
        }
        for (int i = 0; i < texts.length; i++) {
            String name = schema.getColumnNames().get(i);
            LogicalType type = schema.getColumnDataTypes().get(i).getLogicalType();
            if (row.isNullAt(i)) {
                json.putNull(name);
            } else {
                json.set(name, isJson(type) ? read(texts[i]) : TextNode.valueOf(texts[i]));
            }
        }
        return json;
    }

    /** Returns whether the text of a value is JSON as it is: numbers, truth values, and arrays of these. */
    private static boolean isJson(LogicalType type) {
        return switch (type.getTypeRoot()) {
            case BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, FLOAT, DOUBLE, DECIMAL -> true;
            case ARRAY -> isJson(type.getChildren().get(0));
            default -> false;
        };
    }

    /** A number that JSON does not have, such as NaN, stays text. */
    private static JsonNode read(String text) {
        try {
            return MAPPER.readTree(text.toLowerCase(Locale.ROOT));
        } catch (JsonProcessingException e) {
            return TextNode.valueOf(text);
        }
    }
}
