package io.flinkgpt2.sql;

import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.VarCharType;

/** The columns that a model may take in. */
@SuppressWarnings("ImmutableEnumChecker") // a LogicalType does not change
enum InputColumn implements ModelColumn {
    /** The text to go on from; NULL has no completion. */
    PROMPT(VarCharType.STRING_TYPE),
    /** The identity of the row: the random numbers are those of the job's request with this {@code custom_id}. */
    CUSTOM_ID(VarCharType.STRING_TYPE),
    /** The seed of the row's random numbers. */
    SEED(new BigIntType());

    private final transient LogicalType type;

    InputColumn(LogicalType type) {
        this.type = type;
    }

    @Override
    public LogicalType type() {
        return type;
    }
}
