package io.flinkgpt2.parquet;

import io.flinkgpt2.job.files.TableColumn;
import java.util.HexFormat;
import java.util.function.UnaryOperator;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;

/**
 * Types of columns as texts, in the words of Parquet's schemas. Their parser takes names of letters and digits alone, so other
 * characters are written as an underscore and four hexadecimal digits.
 */
final class ColumnTypes {

    private ColumnTypes() {}

    /** Returns a column with its type; without one, which makes it a text, where the type has no words or is a shape. */
    static TableColumn column(Type type) {
        if (isText(type) || hasShapes(type)) {
            return TableColumn.text(type.getName());
        }
        StringBuilder words = new StringBuilder();
        renamed(optional(type), ColumnTypes::escaped).writeToStringBuilder(words, "");
        TableColumn column = new TableColumn(
                type.getName(), words.append(type.isPrimitive() ? ";" : "").toString());
        try {
            return type(column).equals(optional(type)) ? column : TableColumn.text(type.getName());
        } catch (RuntimeException e) {
            return TableColumn.text(type.getName()); // a type of a later version of the format
        }
    }

    /** Returns the type of a column that may be null. */
    static Type type(TableColumn column) {
        if (column.type() == null) {
            return text(column.name());
        }
        MessageType message = MessageTypeParser.parseMessageType("message m { " + column.type() + " }");
        return renamed(message.getType(0), ColumnTypes::unescaped);
    }

    static Type text(String name) {
        return Types.optional(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named(name);
    }

    /** Returns whether a type is a single string, with or without a word that says so. */
    static boolean isText(Type type) {
        return type.isPrimitive()
                && !type.isRepetition(Repetition.REPEATED)
                && type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY
                && type.getLogicalTypeAnnotation() instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation;
    }

    /** Returns whether some of it is a shape: their statistics take a library that is not there. */
    private static boolean hasShapes(Type type) {
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        return logical instanceof LogicalTypeAnnotation.GeometryLogicalTypeAnnotation
                || logical instanceof LogicalTypeAnnotation.GeographyLogicalTypeAnnotation
                || !type.isPrimitive()
                        && type.asGroupType().getFields().stream().anyMatch(ColumnTypes::hasShapes);
    }

    private static Type optional(Type type) {
        Repetition repetition = type.isRepetition(Repetition.REQUIRED) ? Repetition.OPTIONAL : type.getRepetition();
        return with(type, repetition, UnaryOperator.identity());
    }

    private static Type renamed(Type type, UnaryOperator<String> names) {
        return with(type, type.getRepetition(), names);
    }

    private static Type with(Type type, Repetition repetition, UnaryOperator<String> names) {
        String name = names.apply(type.getName());
        Type changed;
        if (type.isPrimitive()) {
            PrimitiveType primitive = type.asPrimitiveType();
            changed = Types.primitive(primitive.getPrimitiveTypeName(), repetition)
                    .length(primitive.getTypeLength())
                    .as(type.getLogicalTypeAnnotation())
                    .named(name);
        } else {
            GroupType group = type.asGroupType();
            Type[] fields = group.getFields().stream()
                    .map(field -> with(field, field.getRepetition(), names))
                    .toArray(Type[]::new);
            changed = Types.buildGroup(repetition)
                    .addFields(fields)
                    .as(type.getLogicalTypeAnnotation())
                    .named(name);
        }
        return type.getId() == null ? changed : changed.withId(type.getId().intValue());
    }

    private static String escaped(String name) {
        StringBuilder escaped = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c < 0x80 && Character.isLetterOrDigit(c)) {
                escaped.append(c);
            } else {
                escaped.append('_').append(HexFormat.of().toHexDigits(c));
            }
        }
        return escaped.isEmpty() ? "_" : escaped.toString();
    }

    private static String unescaped(String name) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c != '_') {
                text.append(c);
            } else if (name.length() > 1) {
                text.append((char) HexFormat.fromHexDigits(name, i + 1, i + 5));
                i += 4;
            }
        }
        return text.toString();
    }
}
