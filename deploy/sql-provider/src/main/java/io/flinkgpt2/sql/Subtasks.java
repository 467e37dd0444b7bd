package io.flinkgpt2.sql;

import org.apache.flink.table.functions.FunctionContext;

/** The subtasks of a function. */
final class Subtasks {

    private Subtasks() {}

    /**
     * Returns how many subtasks of a function may share a TaskManager: as many as there are, but no more than it has processors,
     * for a subtask keeps one busy. A table function is not told the number of slots.
     */
    static int sharingTheHeap(FunctionContext context) {
        int subtasks = context.getTaskInfo().getNumberOfParallelSubtasks();
        return Math.min(subtasks, Runtime.getRuntime().availableProcessors());
    }
}
