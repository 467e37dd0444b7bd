package io.flinkgpt2.constraint;

/** A constraint that cannot be used. The message says where, what was found, what was expected and what to do. */
public final class InvalidConstraintException extends Exception {
    private static final long serialVersionUID = 1L;

    private final String param;
    private final String reason;

    /**
     * @param param place inside the constraint, see {@link #param}
     * @param reason clause such as "found X, expected Y; do Z"
     */
    public InvalidConstraintException(String param, String reason) {
        super(param.isEmpty() ? reason : param + ": " + reason);
        this.param = param;
        this.reason = reason;
    }

    /**
     * Returns the place inside the constraint: a JSON pointer into the schema such as {@code /properties/a/pattern}, the index
     * of a choice such as {@code /3}, or the empty string for the constraint as a whole.
     */
    public String param() {
        return param;
    }

    /** Returns the message without the place. */
    public String reason() {
        return reason;
    }
}
