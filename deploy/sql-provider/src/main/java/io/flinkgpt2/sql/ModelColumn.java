package io.flinkgpt2.sql;

import java.util.Locale;
import org.apache.flink.table.types.logical.LogicalType;

/** A column that a model may have, an enum constant. */
interface ModelColumn {

    /** Returns the constant's name. */
    String name();

    /** Returns the type that the column has, nullable. */
    LogicalType type();

    /** Returns the name as {@code CREATE MODEL} has it. */
    default String columnName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
