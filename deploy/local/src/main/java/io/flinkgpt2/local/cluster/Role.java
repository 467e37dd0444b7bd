package io.flinkgpt2.local.cluster;

import java.util.Locale;

/** The role of a process of the cluster, in the order in which they start. */
public enum Role {
    /** The broker, which is its own controller. */
    KAFKA,
    JOBMANAGER,
    TASKMANAGER;

    /** Returns the name of its files, and in the state file: in lower case. */
    String fileName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
