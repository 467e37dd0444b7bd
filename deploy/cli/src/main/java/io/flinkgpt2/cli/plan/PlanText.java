package io.flinkgpt2.cli.plan;

import io.flinkgpt2.cli.common.Printable;
import java.time.Duration;
import java.util.Locale;

/** A plan for people. */
final class PlanText {

    private static final double MIB = 1 << 20;
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    private final StringBuilder text = new StringBuilder();

    private PlanText() {}

    static String write(Plan plan) {
        PlanText writer = new PlanText();
        Plan.Workload workload = plan.workload();
        writer.line(
                "%,d prompts of %d tokens with %d new ones, within %s: %s in %s",
                workload.prompts(),
                workload.promptTokens(),
                workload.newTokens(),
                time(workload.withinSeconds()),
                Printable.line(workload.model()),
                workload.precision());
        writer.line("");
        writer.throughput(plan);
        writer.cluster(plan);
        writer.memory(plan);
        writer.kafka(plan);
        writer.row(
                "Checkpoint",
                "at most %s: %d bytes for each request in flight",
                bytes(plan.checkpoint().total()),
                plan.checkpoint().perRequest());
        writer.line("");
        writer.line("Options of the job: --max-context %d --batch.size %d", workload.maxContext(), plan.batchSize());
        writer.line("");
        writer.line("Assumptions");
        plan.assumptions().forEach(assumption -> writer.line("- %s", Printable.line(assumption)));
        return writer.text.toString();
    }

    private void throughput(Plan plan) {
        CostModel costs = plan.slot().costs();
        row(
                "A slot",
                "%.2f prompts/s, %.1f new tokens/s",
                1 / plan.slot().secondsPerPrompt(),
                plan.slot().tokensPerSecond());
        row(
                "",
                "a prompt costs %.4g s: %d x %.4g ms and %d x %.4g ms, and attention",
                plan.slot().secondsPerPrompt(),
                plan.workload().promptTokens(),
                1e3 * costs.prefill(),
                plan.workload().newTokens(),
                1e3 * costs.decode());
        row(
                "",
                "of %,.0f ns for each token of a prompt and %,.0f ns for each new one, and position before it",
                1e9 * costs.prefillAttention(),
                1e9 * costs.decodeAttention());
    }

    private void cluster(Plan plan) {
        Plan.Cluster cluster = plan.cluster();
        row("Cores", "%,d, one for each slot", cluster.slots());
        row("TaskManagers", "%,d of %d slots", cluster.taskManagers(), cluster.slotsPerTaskManager());
        row("Partitions", "%,d of the topic of prompts", cluster.partitions());
        row("Done after", "%s, if nothing fails", time(cluster.seconds()));
        if (plan.skew().slowest() > 1) {
            row(
                    "Skew",
                    "the slowest slot takes %.2f times the mean (largest partition: %.2f times);",
                    plan.skew().slowest(),
                    plan.skew().largestPartition());
            row(
                    "",
                    "with an exchange before generation it would take %.2f times",
                    plan.skew().exchanged());
        }
    }

    private void memory(Plan plan) {
        Plan.Memory memory = plan.memory();
        row("TaskManager", "%s of memory (taskmanager.memory.process.size)", mebibytes(memory.process()));
        row(
                "",
                "heap %s: weights %s, and for each slot %s of keys and values and as much again",
                mebibytes(memory.heap()),
                mebibytes(memory.weights()),
                mebibytes(memory.kvCachePerSlot()));
        row("", "taskmanager.memory.task.heap.size: %s, taskmanager.memory.managed.size: 0", flinkSize(memory.heap()));
    }

    private void kafka(Plan plan) {
        Plan.Kafka kafka = plan.kafka();
        row("Kafka", "in %s (%d bytes a prompt),", bytes(kafka.in()), kafka.promptRecord());
        row(
                "",
                "out %s (%d bytes an answer), together %s a second",
                bytes(kafka.out()),
                kafka.answerRecord(),
                bytes(kafka.bytesPerSecond()));
        row("", "%s on the brokers' disks with %d replicas", bytes(kafka.stored()), kafka.replication());
    }

    private void row(String label, String format, Object... values) {
        line("%-13s %s", label, String.format(Locale.ROOT, format, values));
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%,.0f MiB", Math.ceil(bytes / MIB));
    }

    private static String flinkSize(long bytes) {
        return String.format(Locale.ROOT, "%.0fm", Math.ceil(bytes / MIB));
    }

    /** Returns bytes in powers of 1000, as disks and networks have them. */
    static String bytes(double bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 999.5 && unit < UNITS.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.3g %s", value, UNITS[unit]);
    }

    /** Returns a time in the two largest of its units. */
    static String time(double seconds) {
        Duration time = Duration.ofSeconds(Math.round(seconds));
        if (time.toDays() >= 3) {
            return time.toDays() + " days " + time.toHoursPart() + " h";
        }
        if (time.toHours() > 0) {
            return time.toHours() + " h " + time.toMinutesPart() + " min";
        }
        return time.toMinutes() > 0
                ? time.toMinutes() + " min " + time.toSecondsPart() + " s"
                : String.format(Locale.ROOT, "%.1f s", seconds);
    }
}
