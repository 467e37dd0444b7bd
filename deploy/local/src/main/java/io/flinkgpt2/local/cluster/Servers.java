package io.flinkgpt2.local.cluster;

import java.io.File;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The processes of a cluster. They are known by their command, {@code java @DIRECTORY/conf/ROLE.args}, so one that a command
 * started and died before it could write it down is found too, and a process that got the number of one that ended is not taken
 * for it.
 */
final class Servers {

    private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

    private Servers() {}

    /**
     * Starts a process that goes on when this one ends, and when its terminal is closed.
     *
     * @throws IOException if it cannot be started
     */
    static ProcessHandle start(ClusterDirectory directory, Role role, String java) throws IOException {
        File out = directory.outFile(role).toFile();
        return new ProcessBuilder("nohup", java, marker(directory, role))
                .directory(directory.logs().toFile())
                .redirectInput(new File("/dev/null"))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(out))
                .redirectErrorStream(true)
                .start()
                .toHandle();
    }

    private static String marker(ClusterDirectory directory, Role role) {
        return "@" + directory.argumentFile(role);
    }

    /** Returns all processes of this cluster that run now. */
    static Map<Role, List<ProcessHandle>> running(ClusterDirectory directory) {
        Map<Role, List<ProcessHandle>> found = new EnumMap<>(Role.class);
        List<ProcessHandle> all = ProcessHandle.allProcesses().toList();
        for (Role role : Role.values()) {
            String marker = marker(directory, role);
            found.put(
                    role,
                    all.stream()
                            .filter(process -> process.isAlive() && has(process, marker))
                            .toList());
        }
        return found;
    }

    /** Returns the process in a role, if it runs. */
    static Optional<ProcessHandle> running(ClusterDirectory directory, Role role) {
        return running(directory).get(role).stream().findFirst();
    }

    private static boolean has(ProcessHandle process, String marker) {
        return process.info()
                .arguments()
                .map(arguments -> Arrays.asList(arguments).contains(marker))
                .orElse(false);
    }

    /**
     * Returns whether a process runs. One that has ended counts as alive until somebody has waited for it, but has no arguments
     * any more.
     */
    static boolean runs(ProcessHandle process) {
        return process.isAlive() && process.info().arguments().isPresent();
    }

    /** Asks processes to end, and kills those that have not after {@code patience}. */
    static void stop(List<ProcessHandle> processes, Duration patience) throws InterruptedException {
        processes.forEach(ProcessHandle::destroy);
        try {
            await(processes, patience);
        } finally {
            kill(processes);
        }
    }

    /** Kills processes, as {@code kill -9} does, and waits until they are gone. */
    static void kill(List<ProcessHandle> processes) throws InterruptedException {
        processes.forEach(ProcessHandle::destroyForcibly);
        if (!await(processes, Duration.ofSeconds(10))) {
            throw new IllegalStateException("processes that do not end even when killed: "
                    + processes.stream()
                            .filter(Servers::runs)
                            .map(process -> String.valueOf(process.pid()))
                            .collect(Collectors.joining(", ")));
        }
    }

    private static boolean await(List<ProcessHandle> processes, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        List<ProcessHandle> left = new ArrayList<>(processes);
        while (true) {
            left.removeIf(process -> !runs(process));
            if (left.isEmpty() || System.nanoTime() - deadline > 0) {
                return left.isEmpty();
            }
            Thread.sleep(POLL_INTERVAL.toMillis());
        }
    }
}
