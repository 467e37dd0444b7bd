package io.flinkgpt2.local.cluster;

import io.flinkgpt2.local.server.Ports;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker, a JobManager and a TaskManager as processes on this machine, listening on {@code localhost} only.
 *
 * <ul>
 *   <li>They outlive whoever started them; the state file in their directory tells other commands of them.
 *   <li>Nothing restarts a process by itself, as in any standalone cluster: {@link #killTaskManager} starts another in its
 *       place unless told not to.
 *   <li>{@link #stop} ends all of them, also when there is no state file, or the command that started them died half-way.
 * </ul>
 */
public final class ProcessCluster {

    private static final Logger LOG = LoggerFactory.getLogger(ProcessCluster.class);

    /** How long a process may take to end by itself. */
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final ClusterDirectory directory;

    private ProcessCluster(ClusterDirectory directory) {
        this.directory = directory;
    }

    /** Returns the cluster of a directory, whether there is one or not. */
    public static ProcessCluster in(Path directory) {
        return new ProcessCluster(new ClusterDirectory(directory));
    }

    /** Returns its directory. */
    public Path path() {
        return directory.path();
    }

    /** Returns where the processes log. */
    public Path logs() {
        return directory.logs();
    }

    /** Returns the checkpoints of its jobs; empty if it is configured to keep them elsewhere than on this machine. */
    public Optional<RetainedCheckpoints> retainedCheckpoints() {
        return FlinkSettings.checkpointDirectory(directory).map(RetainedCheckpoints::new);
    }

    /** Flink's configuration directory, as {@code FLINK_CONF_DIR} has it. */
    public Path configuration() {
        return directory.configuration();
    }

    /**
     * Returns where the cluster is; empty if none was started here.
     *
     * @throws IOException if the state file is no state file
     */
    public Optional<ClusterState> state() throws IOException {
        return directory.readState();
    }

    /**
     * Starts the processes and returns when the broker serves clients and the slots are there. What an earlier cluster kept in
     * the directory, its topics first of all, is there again.
     *
     * @throws IOException if a cluster runs here already, a port is taken, or a process does not start. No process is left then;
     *     its logs are, and the message says where
     * @throws InterruptedException if the thread was interrupted; nothing is left then
     */
    public ClusterState start(ClusterOptions options, Installation installation)
            throws IOException, InterruptedException {
        directory.create();
        return directory.locked(() -> {
            requireNone();
            int metrics = options.metricsPort().orElse(0);
            List<Integer> ports =
                    Ports.choose(options.kafkaPort(), options.webPort(), 0, 0, metrics, metrics == 0 ? 0 : metrics + 1);
            ClusterOptions chosen = options.withPorts(ports.get(0), ports.get(1));
            new ServerFiles(directory, installation).write(chosen, ports.get(2), ports.get(3));
            String java =
                    Path.of(System.getProperty("java.home"), "bin", "java").toString();
            return startProcesses(
                    new ClusterState(java, chosen.kafkaPort(), chosen.webPort(), chosen.slots(), Map.of()));
        });
    }

    private ClusterState startProcesses(ClusterState planned) throws IOException, InterruptedException {
        ClusterState state = planned;
        directory.writeState(state);
        try {
            for (Role role : Role.values()) {
                state = startProcess(role, state);
            }
            await(new Readiness(directory, state));
            return state;
        } catch (InterruptedException | ClosedByInterruptException e) {
            // Set still after the second, and in the way of waiting for the end of the processes.
            Thread.interrupted();
            Servers.kill(all());
            directory.delete();
            throw (InterruptedException) new InterruptedException("interrupted while a cluster started").initCause(e);
        } catch (IOException | RuntimeException e) {
            Servers.kill(all());
            directory.writeState(planned);
            throw e;
        }
    }

    /** On another thread, for clients do much that no interrupt ends; who asks this process to end waits only so long. */
    private static void await(Readiness readiness) throws IOException, InterruptedException {
        FutureTask<Void> waiting = new FutureTask<>(() -> {
            readiness.awaitBroker();
            readiness.awaitSlots();
            return null;
        });
        Thread thread = new Thread(waiting, "cluster-readiness");
        thread.setDaemon(true);
        thread.start();
        try {
            waiting.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause().getMessage(), e.getCause());
        } finally {
            waiting.cancel(true);
        }
    }

    private void requireNone() throws IOException {
        List<ProcessHandle> running = all();
        if (!running.isEmpty()) {
            throw new IOException("A cluster runs already in " + directory.path() + " (process "
                    + running.get(0).pid() + "). Stop it, or name another directory.");
        }
    }

    private ClusterState startProcess(Role role, ClusterState state) throws IOException {
        ProcessHandle process = Servers.start(directory, role, state.java());
        LOG.debug("started {} as process {}", role, process.pid());
        ClusterState next = state.with(role, process.pid());
        directory.writeState(next);
        return next;
    }

    private List<ProcessHandle> all() {
        List<ProcessHandle> all = new ArrayList<>();
        Servers.running(directory).values().forEach(all::addAll);
        return all;
    }

    /**
     * A process of the cluster.
     *
     * @param pid null if it was never started
     * @param since when it was started; empty if it does not run
     */
    public record Member(Role role, Long pid, Optional<Instant> since) {
        /** Returns whether it runs. */
        public boolean running() {
            return since.isPresent();
        }
    }

    /**
     * Returns all processes, whether they run or not.
     *
     * @throws IOException if the state file is no state file
     */
    public List<Member> members() throws IOException {
        Map<Role, Long> pids = state().map(ClusterState::pids).orElse(Map.of());
        Map<Role, List<ProcessHandle>> running = Servers.running(directory);
        List<Member> members = new ArrayList<>();
        for (Role role : Role.values()) {
            Optional<ProcessHandle> process = running.get(role).stream().findFirst();
            members.add(new Member(
                    role,
                    process.map(ProcessHandle::pid).orElse(pids.get(role)),
                    process.map(found -> found.info().startInstant().orElse(Instant.EPOCH))));
        }
        return members;
    }

    /**
     * Kills the TaskManager as {@code kill -9} does.
     *
     * @param restart whether to start another and to wait until the JobManager knows it
     * @return the process that was killed
     * @throws IOException if none runs and none is to be started, or the new one does not start
     */
    public Optional<Long> killTaskManager(boolean restart) throws IOException, InterruptedException {
        return kill(Role.TASKMANAGER, restart);
    }

    /**
     * Kills the JobManager as {@code kill -9} does. Its jobs are lost with it, for nothing else knows of them.
     *
     * @param restart whether to start another and to wait until it serves and the TaskManager, if one runs, has registered
     * @return the process that was killed
     * @throws IOException if none runs and none is to be started, or the new one does not start
     */
    public Optional<Long> killJobManager(boolean restart) throws IOException, InterruptedException {
        return kill(Role.JOBMANAGER, restart);
    }

    private Optional<Long> kill(Role role, boolean restart) throws IOException, InterruptedException {
        requireState();
        return directory.locked(() -> {
            ClusterState state = requireState();
            List<ProcessHandle> killed = Servers.running(directory).get(role);
            if (killed.isEmpty() && !restart) {
                throw new IOException("No " + role.fileName() + " runs in the cluster of " + directory.path()
                        + "; start one with 'flink-gpt2 cluster kill-" + role.fileName() + "', without --no-restart");
            }
            Set<String> known = restart && role == Role.TASKMANAGER
                    ? FlinkRest.at(state.flinkAddress()).taskManagers()
                    : Set.of();
            Servers.kill(killed);
            if (restart) {
                Readiness readiness = new Readiness(directory, startProcess(role, state));
                if (role == Role.TASKMANAGER) {
                    readiness.awaitTaskManagerOtherThan(known);
                } else if (Servers.running(directory, Role.TASKMANAGER).isPresent()) {
                    readiness.awaitSlots();
                } else {
                    readiness.awaitJobManager();
                }
            }
            return killed.stream().findFirst().map(ProcessHandle::pid);
        });
    }

    /**
     * Ends the broker in order and starts it again on its topics and its port.
     *
     * @throws IOException if it does not start
     */
    public void restartKafka() throws IOException, InterruptedException {
        requireState();
        directory.locked(() -> {
            Servers.stop(Servers.running(directory).get(Role.KAFKA), STOP_PATIENCE);
            ClusterState state = startProcess(Role.KAFKA, requireState());
            new Readiness(directory, state).awaitBroker();
            return state;
        });
    }

    /**
     * Ends all processes. Does nothing if there are none.
     *
     * @param keep whether to leave topics, checkpoints, savepoints and logs where they are, for a later start
     * @return the processes that ran
     * @throws IOException if another command is at work here, or a file cannot be deleted
     */
    public List<Long> stop(boolean keep) throws IOException, InterruptedException {
        if (!Files.isDirectory(directory.path())) {
            return List.of();
        }
        return directory.locked(() -> {
            Map<Role, List<ProcessHandle>> running = Servers.running(directory);
            List<Long> pids = running.values().stream()
                    .flatMap(List::stream)
                    .map(ProcessHandle::pid)
                    .toList();
            List<ProcessHandle> flink = new ArrayList<>();
            flink.addAll(running.get(Role.TASKMANAGER));
            flink.addAll(running.get(Role.JOBMANAGER));
            // The broker last, for the job's sinks talk to it until they are closed.
            Servers.stop(flink, STOP_PATIENCE);
            Servers.stop(running.get(Role.KAFKA), STOP_PATIENCE);
            if (!keep) {
                directory.delete();
            }
            return pids;
        });
    }

    private ClusterState requireState() throws IOException {
        return state().orElseThrow(() -> new IOException("No cluster was started in " + directory.path()
                + "; 'flink-gpt2 cluster start' starts one, --directory names another place"));
    }
}
