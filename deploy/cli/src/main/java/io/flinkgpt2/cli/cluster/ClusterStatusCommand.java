package io.flinkgpt2.cli.cluster;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.local.cluster.ClusterState;
import io.flinkgpt2.local.cluster.FlinkRest;
import io.flinkgpt2.local.cluster.ProcessCluster;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
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
        description = "Shows processes, addresses, slots and jobs. Exit code 0 if all processes run, 1 if not.")
final class ClusterStatusCommand implements Callable<Integer> {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Spec
    private CommandSpec spec;

    @Mixin
    private ClusterArguments arguments;

    @Option(names = "--output", defaultValue = "text", description = "text, or json for one object (default: text).")
    private OutputFormat output;

    /** The answer of the REST API, which is missing while the JobManager is down. */
    private record Flink(FlinkRest.Overview overview, List<FlinkRest.Job> jobs) {}

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
        return members.stream().allMatch(ProcessCluster.Member::running) ? 0 : 1;
    }

    private Optional<Flink> ask(FlinkRest rest) {
        try {
            return Optional.of(new Flink(rest.overview(), rest.jobs()));
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
            for (FlinkRest.Job job : found.jobs()) {
                out.println("JOB          " + job.id() + " " + job.state() + " " + Printable.line(job.name()));
            }
        });
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
            for (FlinkRest.Job job : found.jobs()) {
                json.withArrayProperty("jobs")
                        .addObject()
                        .put("id", job.id())
                        .put("name", job.name())
                        .put("state", job.state());
            }
        });
        return json;
    }
}
