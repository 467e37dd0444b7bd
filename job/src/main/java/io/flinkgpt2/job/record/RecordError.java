package io.flinkgpt2.job.record;

/** An error in the form of OpenAI's error object. */
public class RecordError {
    /** The value found, the values allowed and what to do, for people. */
    public String message;

    /** Class of the error: {@link InvalidRequestException#TYPE} if the request is at fault. */
    public String type;

    /** The field that is wrong, or null if none is. */
    public String param;

    /** Which error it is, for programs: see {@link InvalidRequestException}. */
    public String code;

    public RecordError() {}

    public RecordError(String message, String type, String param, String code) {
        this.message = message;
        this.type = type;
        this.param = param;
        this.code = code;
    }
}
