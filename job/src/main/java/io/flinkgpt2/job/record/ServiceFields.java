package io.flinkgpt2.job.record;

import java.util.List;

/** The fields that say how a request is served. */
final class ServiceFields {

    private ServiceFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.integer(
                        "priority",
                        Integer.MIN_VALUE,
                        Integer.MAX_VALUE,
                        "0",
                        "requests of lower numbers go first",
                        (draft, value) -> draft.priority = value.intValue()),
                RequestField.integer(
                                "timeout_ms",
                                1,
                                Integer.MAX_VALUE,
                                "none",
                                "time after which the request ends with what it has, from when the job's operator takes it",
                                (draft, value) -> draft.parameters.setTimeoutMillis(value))
                        .withOption(Integer.class, "MS", "End after so many milliseconds with what there is."),
                RequestField.string(
                        "cache_salt",
                        "\"\"",
                        "prefixes of prompts are shared between requests of the same salt only",
                        (draft, value) -> draft.parameters.setCacheSalt(value)));
    }
}
