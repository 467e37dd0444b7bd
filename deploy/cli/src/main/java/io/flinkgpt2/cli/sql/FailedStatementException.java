package io.flinkgpt2.cli.sql;

/** Says on one line which statement of a script failed, and why. */
final class FailedStatementException extends Exception {
    private static final long serialVersionUID = 1L;

    private static final int LONGEST_REASON = 1_000;

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
        return shown(reason);
    }

    /** Leaves out the hundreds of words that Flink's parser would have taken. */
    private static String shown(String reason) {
        String line = reason.strip().replaceAll("\\s+", " ").replaceAll(" Was expecting( one of)?: .*", "");
        return line.length() <= LONGEST_REASON ? line : line.substring(0, LONGEST_REASON) + "…";
    }
}
