package io.flinkgpt2.local.cluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.errors.RetriableException;

/** Waits until servers that were just started serve, for as long as they run. */
final class Readiness {

    /** On a machine that is busy with other things too. */
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private static final Duration POLL_INTERVAL = Duration.ofMillis(100);
    private static final int SHOWN_LINES = 10;
    /** A line of a log that tells an error, in either form. */
    private static final Pattern ERROR = Pattern.compile(" (ERROR|FATAL) |\"level\":\"(ERROR|FATAL)\"|^Caused by: ");

    private final ClusterDirectory directory;
    private final ClusterState state;
    private final FlinkRest flink;

    Readiness(ClusterDirectory directory, ClusterState state) {
        this.directory = directory;
        this.state = state;
        this.flink = FlinkRest.at(state.flinkAddress());
    }

    /** Something that is asked again and again; an {@link IOException} means: not yet. */
    @FunctionalInterface
    private interface Question {
        boolean isAnswered() throws IOException, InterruptedException;
    }

    /** Until the broker has taken its place in its cluster. */
    void awaitBroker() throws IOException, InterruptedException {
        Map<String, Object> properties = Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                state.bootstrapServers(),
                AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                (int) POLL_INTERVAL.toMillis());
        // A client connects to nobody's port for a while rather than fail.
        try (Admin admin = Admin.create(properties)) {
            await(Set.of(Role.KAFKA), "the broker", () -> {
                try {
                    return !admin.describeCluster()
                            .nodes()
                            .get(1, TimeUnit.SECONDS)
                            .isEmpty();
                } catch (TimeoutException e) {
                    return false;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof RetriableException) {
                        return false;
                    }
                    throw new IllegalStateException(
                            "the broker at " + state.bootstrapServers() + " does not answer", e);
                }
            });
        }
    }

    /** Until the JobManager answers. */
    void awaitJobManager() throws IOException, InterruptedException {
        await(Set.of(Role.JOBMANAGER), "the JobManager", () -> flink.overview().slots() >= 0);
    }

    /** Until all slots are there; more than one TaskManager may offer some. */
    void awaitSlots() throws IOException, InterruptedException {
        await(
                Set.of(Role.JOBMANAGER, Role.TASKMANAGER),
                "the slots of the TaskManager",
                () -> flink.overview().slots() >= state.slots());
    }

    /** Until there is a TaskManager that is none of those there were; the JobManager may still list its predecessor. */
    void awaitTaskManagerOtherThan(Set<String> before) throws IOException, InterruptedException {
        await(
                Set.of(Role.JOBMANAGER, Role.TASKMANAGER),
                "the registration of the TaskManager",
                () -> !before.containsAll(flink.taskManagers()));
    }

    private void await(Set<Role> roles, String what, Question question) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (true) {
            IOException problem = null;
            try {
                if (question.isAnswered()) {
                    return;
                }
            } catch (IOException e) {
                problem = e;
            }
            for (Role role : roles) {
                if (Servers.running(directory, role).isEmpty()) {
                    throw new IOException(
                            "The " + role.fileName() + " has ended instead of starting; its last words, from "
                                    + directory.logs() + ":\n" + lastWords(role));
                }
            }
            if (System.nanoTime() - deadline > 0) {
                throw new IOException(
                        "Waited in vain for " + what + " for " + PATIENCE.toSeconds() + " s; the logs in "
                                + directory.logs() + " may say why",
                        problem);
            }
            Thread.sleep(POLL_INTERVAL.toMillis());
        }
    }

    /** Returns the end of the process's output and the errors in its log, or the end of the log if there are none. */
    private String lastWords(Role role) throws IOException {
        List<String> log = lines(directory.logFile(role));
        List<String> errors =
                log.stream().filter(line -> ERROR.matcher(line).find()).toList();
        return Stream.of(end(lines(directory.outFile(role))), end(errors.isEmpty() ? log : errors))
                .flatMap(List::stream)
                .map(line -> "  " + line)
                .collect(Collectors.joining("\n"));
    }

    private static List<String> end(List<String> lines) {
        return lines.subList(Math.max(0, lines.size() - SHOWN_LINES), lines.size());
    }

    private static List<String> lines(Path file) throws IOException {
        return Files.exists(file)
                ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
                        .lines()
                        .toList()
                : List.of();
    }
}
