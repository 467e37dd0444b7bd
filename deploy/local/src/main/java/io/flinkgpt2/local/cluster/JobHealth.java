package io.flinkgpt2.local.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.local.cluster.FlinkRest.Job;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The health of one job, as Flink's REST API shows it.
 *
 * @param job as the cluster lists it
 * @param runningTasks number of tasks that run, or have finished their input
 * @param tasks number of all tasks
 * @param restarts how often the job was restarted, those by a new JobManager included; -1 where Flink does not say
 * @param completedCheckpoints number of them since the job was submitted or recovered
 * @param failedCheckpoints number of them since then
 * @param checkpointFailing whether the newest checkpoint that has ended has failed
 * @param failure first line of the newest failure, if the job does not run because of one
 */
public record JobHealth(
        Job job,
        int runningTasks,
        int tasks,
        int restarts,
        int completedCheckpoints,
        int failedCheckpoints,
        boolean checkpointFailing,
        Optional<String> failure) {

    /**
     * Asks for a job.
     *
     * @throws IOException if the cluster does not answer, or does not know the job any more
     */
    public static JobHealth of(FlinkRest flink, Job job) throws IOException {
        if (job.state().equals("INITIALIZING")) {
            return new JobHealth(job, 0, 0, -1, 0, 0, false, Optional.empty()); // nothing else is known yet
        }
        int running = 0;
        int tasks = 0;
        for (JsonNode vertex : flink.get("/jobs/" + job.id()).path("vertices")) {
            tasks += vertex.path("parallelism").asInt();
            running += vertex.path("tasks").path("RUNNING").asInt()
                    + vertex.path("tasks").path("FINISHED").asInt();
        }
        JsonNode checkpoints = flink.get("/jobs/" + job.id() + "/checkpoints");
        JsonNode latest = checkpoints.path("latest");
        long completed = latest.path("completed").path("trigger_timestamp").asLong(-1);
        long failed = latest.path("failed").path("trigger_timestamp").asLong(-1);
        boolean healthy = job.state().equals("RUNNING") && running == tasks;
        return new JobHealth(
                job,
                running,
                tasks,
                restarts(flink, job),
                checkpoints.path("counts").path("completed").asInt(),
                checkpoints.path("counts").path("failed").asInt(),
                failed > completed,
                healthy || job.state().equals("FINISHED") ? Optional.empty() : failure(flink, job));
    }

    private static int restarts(FlinkRest flink, Job job) throws IOException {
        for (JsonNode metric : flink.get("/jobs/" + job.id() + "/metrics?get=numRestarts")) {
            return metric.path("value").asInt(-1);
        }
        return -1;
    }

    private static Optional<String> failure(FlinkRest flink, Job job) throws IOException {
        JsonNode newest = flink.get("/jobs/" + job.id() + "/exceptions?maxExceptions=1")
                .path("exceptionHistory")
                .path("entries")
                .path(0);
        return newest.path("stacktrace").asText().lines().findFirst();
    }

    /** Returns whether it does what it should: it runs with all its tasks and its checkpoints complete, or was ended in order. */
    public boolean isWell() {
        return problems().isEmpty();
    }

    /** Returns what is wrong with it, in words; empty if nothing is. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (job.state().equals("FINISHED") || job.state().equals("CANCELED")) {
            return problems;
        }
        if (!job.state().equals("RUNNING")) {
            problems.add("is " + job.state());
        } else if (runningTasks < tasks) {
            problems.add("runs " + runningTasks + " of its " + tasks + " tasks");
        }
        if (checkpointFailing && !job.state().equals("FAILED")) {
            problems.add("its newest checkpoint has failed, and " + failedCheckpoints + " in all");
        }
        failure.ifPresent(problems::add);
        return problems;
    }
}
