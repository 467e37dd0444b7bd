package io.flinkgpt2.job.record;

import org.slf4j.Logger;
import org.slf4j.MDC;

/** Log lines about one request. They name it, and a JSON log has its {@code custom_id} as a field. */
public final class RequestLog {

    /** Key of the logging context (MDC) that holds the request's {@code custom_id} while a line about it is logged. */
    public static final String CUSTOM_ID = "custom_id";

    private RequestLog() {}

    /** Warns that a valid request failed inside; its answer has an {@code error}. */
    public static void failed(Logger log, String customId, Throwable cause) {
        String id = RequestIds.forLog(customId);
        try (MDC.MDCCloseable ignored = MDC.putCloseable(CUSTOM_ID, id)) {
            log.warn("Request {} failed", id, cause);
        }
    }
}
