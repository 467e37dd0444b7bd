package io.flinkgpt2.deploy;

import java.io.File;
import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The mistake that {@link PlantedFault} builds into the committer of Kafka's sink. Runs in a TaskManager, and leaves a file in
 * its temporary directory when it has dropped a commit.
 */
public final class DroppedCommit {

    static final String MARK = "dropped-commit";

    private static final int AFTER = 12;
    private static final AtomicInteger COMMITS = new AtomicInteger();

    private DroppedCommit() {}

    /** Whether these are the commits to be dropped: those of one call, some time after the start. */
    public static boolean drops(Collection<?> requests) throws IOException {
        return !requests.isEmpty()
                && COMMITS.incrementAndGet() > AFTER
                && new File(System.getProperty("java.io.tmpdir"), MARK).createNewFile();
    }
}
