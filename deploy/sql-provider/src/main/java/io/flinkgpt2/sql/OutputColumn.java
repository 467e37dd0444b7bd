package io.flinkgpt2.sql;

import org.apache.flink.table.types.logical.ArrayType;
import org.apache.flink.table.types.logical.DoubleType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.VarCharType;

/** The columns that a model may give. Names and values are those of the job's answers. */
@SuppressWarnings("ImmutableEnumChecker") // a LogicalType does not change
enum OutputColumn implements ModelColumn {
    /** The generated text. */
    TEXT(VarCharType.STRING_TYPE),
    /** The generated ids. */
    TOKEN_IDS(new ArrayType(new IntType())),
    /** Why the generation ended: {@code stop}, {@code length}. */
    FINISH_REASON(VarCharType.STRING_TYPE),
    /** The text that ended it, {@code max_tokens} or {@code max_context}; NULL at end of text. */
    STOP_REASON(VarCharType.STRING_TYPE),
    /** The sum of the log-probabilities of the generated tokens. */
    CUMULATIVE_LOGPROB(new DoubleType()),
    /** Index among the completions of the prompt, from 0. */
    CHOICE(new IntType()),
    /** Number of tokens of the prompt that the model saw. */
    PROMPT_TOKENS(new IntType()),
    /** Number of generated tokens. */
    COMPLETION_TOKENS(new IntType()),
    /** Number of tokens that were cut off the prompt. */
    DROPPED_TOKENS(new IntType()),
    /** First 16 hexadecimal digits of a SHA-256 over weights, config and tokenizer. */
    MODEL_REVISION(VarCharType.STRING_TYPE),
    /** Why the row could not be completed; NULL if it was. */
    ERROR(VarCharType.STRING_TYPE);

    private final transient LogicalType type;

    OutputColumn(LogicalType type) {
        this.type = type;
    }

    @Override
    public LogicalType type() {
        return type;
    }
}
