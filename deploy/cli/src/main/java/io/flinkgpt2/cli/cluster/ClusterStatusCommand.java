package io.flinkgpt2.cli.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.FlinkRest;
import io.flinkgpt2.local.cluster.JobHealth;
import io.flinkgpt2.local.cluster.ProcessCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code cluster status}: processes, addresses, slots and jobs. */
@Command(
        name = "status",
        mixinStandardHelpOptions = true,
        description = {
            "Shows processes, addresses, slots and jobs.",
            "Exit code 0 if all processes run and each job runs with all its tasks and completes its checkpoints, or was ended in"
                    + " order; 1 if a process is missing or the JobManager does not answer; 4 if all processes run, but a job does"
                    + " not do what it should."
        })
final class ClusterStatusCommand implements Callable<Integer> {

    /** Exit code where all processes run and a job does not do what it should. */
    private static final int UNWELL = 4;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterArguments arguments;

    @Option(names = "--output", defaultValue = "text", description = "text, or json for one object (default: text).")
    private OutputFormat output;

    /** The answer of the REST API, which is missing while the JobManager is down. */
    private record Flink(FlinkRest.Overview overview, List<JobHealth> jobs) {}

    @Override
    public Integer call() throws IOException {
        ProcessCluster cluster = arguments.cluster();
        List<ProcessCluster.Member> members = cluster.members();
        Optional<ClusterState> state = cluster.state();
        Optional<Flink> flink = Optional.empty();
        if (state.isPresent() && members.stream().anyMatch(ProcessCluster.Member::running)) {
            flink = ask(FlinkRest.at(state.get().flinkAddress()));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (output == OutputFormat.JSON) {
            out.print(MAPPER.writeValueAsString(toJson(cluster, state, members, flink)) + "\n");
        } else {
            print(out, cluster, state, members, flink);
        }
        out.flush();
        if (!members.stream().allMatch(ProcessCluster.Member::running) || flink.isEmpty()) {
            return 1;
        }
        return flink.get().jobs().stream().allMatch(JobHealth::isWell) ? 0 : UNWELL;
    }

    private Optional<Flink> ask(FlinkRest rest) {
        try {
            FlinkRest.Overview overview = rest.overview();
            List<JobHealth> jobs = new ArrayList<>();
            for (FlinkRest.Job job : rest.jobs()) {
                jobs.add(JobHealth.of(rest, job));
            }
            return Optional.of(new Flink(overview, jobs));
        } catch (IOException e) {
            spec.commandLine().getErr().println(e.getMessage());
            return Optional.empty();
        }
    }

    private static void print(
            PrintWriter out,
            ProcessCluster cluster,
            Optional<ClusterState> state,
            List<ProcessCluster.Member> members,
            Optional<Flink> flink) {
        if (state.isEmpty() && members.stream().noneMatch(ProcessCluster.Member::running)) {
            out.println("No cluster in " + cluster.path() + ".");
            return;
        }
        out.println("DIRECTORY    " + cluster.path());
        state.ifPresent(found -> {
            out.println("KAFKA        " + found.bootstrapServers());
            out.println("FLINK        " + found.webUrl());
        });
        out.println();
        out.println("PROCESS      PID      STATE    SINCE");
        for (ProcessCluster.Member member : members) {
            out.println(String.format(
                            Locale.ROOT,
                            "%-12s %-8s %-8s %s",
                            name(member),
                            member.pid() == null ? "-" : member.pid(),
                            member.running() ? "running" : "ended",
                            since(member))
                    .stripTrailing());
        }
        flink.ifPresent(found -> {
            out.println();
            out.println("SLOTS        " + found.overview().freeSlots() + " of "
                    + found.overview().slots() + " free");
            found.jobs().forEach(job -> printJob(out, job));
        });
    }

    private static void printJob(PrintWriter out, JobHealth health) {
        FlinkRest.Job job = health.job();
        out.println("JOB          " + job.id() + " " + job.state() + " " + Printable.line(job.name()));
        if (!job.ended()) {
            out.println("             tasks " + health.runningTasks() + " of " + health.tasks() + ", restarts "
                    + (health.restarts() < 0 ? "?" : health.restarts()) + ", checkpoints "
                    + health.completedCheckpoints() + " completed, " + health.failedCheckpoints() + " failed");
        }
        health.problems().forEach(problem -> out.println("             ! " + Printable.line(problem)));
    }

    private static String name(ProcessCluster.Member member) {
        return member.role().name().toLowerCase(Locale.ROOT);
    }

    private static String since(ProcessCluster.Member member) {
        return member.since()
                .map(time -> time.truncatedTo(ChronoUnit.SECONDS).toString())
                .orElse("");
    }

    private static ObjectNode toJson(
            ProcessCluster cluster,
            Optional<ClusterState> state,
            List<ProcessCluster.Member> members,
            Optional<Flink> flink) {
        ObjectNode json =
                MAPPER.createObjectNode().put("directory", cluster.path().toString());
        json.put("bootstrap_servers", state.map(ClusterState::bootstrapServers).orElse(null));
        json.put("web_url", state.map(ClusterState::webUrl).orElse(null));
        json.put("flink_conf_dir", cluster.configuration().toString());
        for (ProcessCluster.Member member : members) {
            json.withArrayProperty("processes")
                    .addObject()
                    .put("name", name(member))
                    .put("pid", member.pid())
                    .put("running", member.running())
                    .put("since", member.running() ? since(member) : null);
        }
        flink.ifPresent(found -> {
            json.put("slots", found.overview().slots());
            json.put("free_slots", found.overview().freeSlots());
            json.putArray("jobs");
            for (JobHealth health : found.jobs()) {
                ObjectNode job = json.withArrayProperty("jobs").addObject();
                job.put("id", health.job().id())
                        .put("name", health.job().name())
                        .put("state", health.job().state())
                        .put("well", health.isWell())
                        .put("tasks", health.tasks())
                        .put("running_tasks", health.runningTasks())
                        .put("restarts", health.restarts() < 0 ? null : (Integer) health.restarts())
                        .put("completed_checkpoints", health.completedCheckpoints())
                        .put("failed_checkpoints", health.failedCheckpoints());
                health.problems().forEach(job.putArray("problems")::add);
            }
        });
        return json;
    }
}
