package io.flinkgpt2.job.record;

/** The treatment of a request with a field that the format does not know. */
public enum UnknownFields {
    /** It is refused, for a misspelt field would change its meaning without a word. */
    REJECT,
    /** The field is passed over. */
    IGNORE
}
