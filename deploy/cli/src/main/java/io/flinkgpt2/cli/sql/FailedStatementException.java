package io.flinkgpt2.cli.sql;

/** Says on one line which statement of a script failed, and why. */
final class FailedStatementException extends Exception {
    private static final long serialVersionUID = 1L;

    /** @param line of the script, from 1, where the statement begins */
    FailedStatementException(String script, int line, String statement, Throwable failure) {
        super(script + ":" + line + ": " + Statements.shortened(statement) + ": " + reason(failure));
        // Not its cause: whoever tells this one tells causes too, and Flink's are many. Its stack is there for a log.
        addSuppressed(failure);
    }

    /** Returns what the innermost cause says that says anything: those around it repeat it, or say that something failed. */
    private static String reason(Throwable failure) {
        String reason = failure.toString();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && !cause.getMessage().isBlank()) {
                reason = cause.getMessage();
            }
        }
        return reason.strip().replaceAll("\\s+", " ");
    }
}
