package io.flinkgpt2.local.cluster;

import java.util.Locale;

/** What a process of the cluster is there for, in the order in which they start. */
public enum Role {
    /** The broker, which is its own controller. */
    KAFKA,
    JOBMANAGER,
    TASKMANAGER;

    /** The name of its files, and in the state file: in lower case. */
    String fileName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
