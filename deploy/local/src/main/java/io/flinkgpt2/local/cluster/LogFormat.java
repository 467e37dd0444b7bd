package io.flinkgpt2.local.cluster;

/** The form of the lines in a log. */
public enum LogFormat {
    /** For people: time, level, logger, message, stack trace. */
    TEXT(
            // Messages repeat what others sent; whoever reads the file in a terminal is not to be steered by it.
            "%d{yyyy-MM-dd HH:mm:ss,SSS} %-5p %-60c %x -"
                    + " %replace{%m%n%xThrowable}{[\\\\x00-\\\\x08\\\\x0b-\\\\x1f\\\\x7f-\\\\x9f]}{?}"),
    /** For machines: one JSON object a line. */
    JSON("{\"time\":\"%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC}\",\"level\":\"%p\",\"logger\":\"%enc{%c}{JSON}\","
            + "\"thread\":\"%enc{%t}{JSON}\"%notEmpty{,\"job_id\":\"%enc{%X{flink-job-id}}{JSON}\"}"
            + "%notEmpty{,\"custom_id\":\"%enc{%X{custom_id}}{JSON}\"},\"message\":\"%enc{%m}{JSON}\""
            + "%notEmpty{,\"exception\":\"%enc{%xThrowable}{JSON}\"}}%n");

    /*
     * Log4j's pattern layout makes the JSON, and not its layout for JSON, which is a jar that Flink's image does not have: so the
     * same pattern serves there (deploy/conf/log4j-console.properties).
     */
    private final String pattern;

    LogFormat(String pattern) {
        this.pattern = pattern;
    }

    /** Returns the pattern as a file of Java properties has it. */
    String pattern() {
        return pattern;
    }
}
