package io.flinkgpt2.job.record;

import java.util.List;

/** A record that is not a valid request. Its error goes into the dead letter. */
public final class InvalidRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    /** {@link RecordError#type} of every such error. */
    public static final String TYPE = "invalid_request_error";

    /** There is no value. */
    public static final String EMPTY_VALUE = "empty_value";

    /** The value is not UTF-8. */
    public static final String INVALID_UTF8 = "invalid_utf8";

    /** The value is not one JSON document, or has a name twice. */
    public static final String INVALID_JSON = "invalid_json";

    /** Something is of another JSON type than the format wants. */
    public static final String INVALID_TYPE = "invalid_type";

    /** Something is out of its range. */
    public static final String INVALID_VALUE = "invalid_value";

    /** A required field is not there. */
    public static final String MISSING_FIELD = "missing_field";

    /** The format has no such field. */
    public static final String UNKNOWN_FIELD = "unknown_field";

    /** The format has the field or the form, but this version does not support it. */
    public static final String UNSUPPORTED_FIELD = "unsupported_field";

    /** The job runs another model. */
    public static final String MODEL_NOT_FOUND = "model_not_found";

    /** The prompt leaves no room within the context. */
    public static final String CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded";

    /** The document has too many names, its answer would not fit its topic, or its beams do not fit the KV cache. */
    public static final String TOO_LARGE = "too_large";

    /** A row of a table that cannot be cut into its columns. */
    public static final String INVALID_ROW = "invalid_row";

    /** All codes, which metrics tell apart. */
    public static final List<String> CODES = List.of(
            EMPTY_VALUE,
            INVALID_UTF8,
            INVALID_JSON,
            INVALID_TYPE,
            INVALID_VALUE,
            MISSING_FIELD,
            UNKNOWN_FIELD,
            UNSUPPORTED_FIELD,
            MODEL_NOT_FOUND,
            CONTEXT_LENGTH_EXCEEDED,
            TOO_LARGE,
            INVALID_ROW);

    private final String explanation;
    private final String param;
    private final String code;

    /**
     * @param code which error it is, one of the constants
     * @param param the field that is wrong, or null
     * @param explanation what was found, what is allowed and what to do
     */
    public InvalidRequestException(String code, String param, String explanation) {
        this(code, param, explanation, null);
    }

    /** As the other constructor, with the error that brought the fault to light, or null. */
    public InvalidRequestException(String code, String param, String explanation, Throwable cause) {
        super(code + ": " + explanation, cause);
        this.explanation = explanation;
        this.param = param;
        this.code = code;
    }

    static InvalidRequestException invalidType(String field, String found, String expected) {
        return new InvalidRequestException(INVALID_TYPE, field, sentence(field, found, expected));
    }

    static InvalidRequestException invalidValue(String field, String found, String expected) {
        return new InvalidRequestException(INVALID_VALUE, field, sentence(field, found, expected));
    }

    private static String sentence(String field, String found, String expected) {
        return (field == null ? "the value" : field) + ": found " + found + ", expected " + expected;
    }

    /** Returns a new error object for the dead letter. */
    public RecordError error() {
        return new RecordError(explanation, TYPE, param, code);
    }
}
