package io.flinkgpt2.deploy;

import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;

/** The mistake that {@link PlantedFault} builds into the committer of Kafka's sink. Runs in a TaskManager. */
public final class DroppedCommit {

    private static final int WHICH = 12;
    private static final AtomicInteger COMMITS = new AtomicInteger();

    private DroppedCommit() {}

    /** Whether these are the commits to be dropped: those of one call, some time after the start. */
    public static boolean drops(Collection<?> requests) {
        return !requests.isEmpty() && COMMITS.incrementAndGet() == WHICH;
    }
}
