package io.flinkgpt2.local.web;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;

/**
 * The requests that a cluster's web port answers.
 *
 * <p>Flink's REST API has no notion of a user, and {@code POST /jobs} deserialises what it is sent, so whoever may post runs
 * code as the user of the JobManager. A port on {@code localhost} is within reach of all users of the machine, and of every
 * page in a browser on it. {@code web.submit.enable} closes {@code /jars} only.
 */
public enum WebAccess {
    /** Only what reads: GET, HEAD and OPTIONS; for clusters whose jobs are not submitted by REST. */
    READ_ONLY,

    /** Everything, from clients on this machine and from the web UI's own pages; nothing from the pages of other servers. */
    OWN_PAGES;

    /** Which requests are answered; Flink's own rules where it is not set, as on every cluster that was not started here. */
    public static final ConfigOption<WebAccess> OPTION =
            ConfigOptions.key("flink-gpt2.web-access").enumType(WebAccess.class).noDefaultValue();
}
