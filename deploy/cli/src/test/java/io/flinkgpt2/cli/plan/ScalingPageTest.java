package io.flinkgpt2.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The numbers of {@code docs/scaling.md}: each is what the command, or its simulation, gives. With {@code -Dscaling.write=true} the
 * page is written.
 */
class ScalingPageTest {

    private static final Path PAGE = Path.of("../../docs/scaling.md");
    private static final Pattern COMMAND = Pattern.compile("(?m)^\\$ flink-gpt2 (plan .*)\n((?:.*\n)*?)```$");
    private static final double MIB = 1 << 20;
    private static final int SLOTS = 1000;

    private final String page = read();

    /** The command of the page, which gives the rates of all its tables. */
    private final List<String> command = command();

    private static String read() {
        try {
            return Files.readString(PAGE);
        } catch (IOException e) {
            throw new AssertionError(PAGE + " cannot be read", e);
        }
    }

    private List<String> command() {
        Matcher matcher = COMMAND.matcher(page);
        assertThat(matcher.find()).isTrue();
        return List.of(matcher.group(1).split(" "));
    }

    private JsonNode plan(String... replaced) {
        List<String> words = new ArrayList<>(command);
        for (int i = 0; i < replaced.length; i += 2) {
            int at = words.indexOf(replaced[i]);
            if (at >= 0) {
                words.set(at + 1, replaced[i + 1]);
            } else {
                words.addAll(List.of(replaced[i], replaced[i + 1]));
            }
        }
        words.addAll(List.of("--output", "json"));
        CommandRun run = CommandRun.of(words.toArray(new String[0]));
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.json().get(0);
    }

    @Test
    void everyNumberIsWhatTheCommandGives() throws IOException {
        String output = CommandRun.of(command.toArray(new String[0])).out();
        Matcher matcher = COMMAND.matcher(page);
        assertThat(matcher.find()).isTrue();
        String written = page.substring(0, matcher.start(2)) + output + page.substring(matcher.end(2));
        written = block(written, "scale", scale());
        written = block(written, "memory", memory());
        written = block(written, "partitions", partitions());
        written = block(written, "lengths", lengths());
        if (Boolean.getBoolean("scaling.write")) {
            Files.writeString(PAGE, written);
        }
        assertThat(read()).isEqualTo(written);
    }

    private static String block(String text, String name, String table) {
        Pattern block = Pattern.compile("(<!-- " + name + ": begin -->\n)((?:.*\n)*?)(<!-- " + name + ": end -->)");
        Matcher matcher = block.matcher(text);
        assertThat(matcher.find()).as(name).isTrue();
        return matcher.replaceFirst("$1" + Matcher.quoteReplacement(table) + "$3");
    }

    private static String table(String head, Stream<String> rows) {
        return head + "\n" + head.replaceAll("[^|]+", "---") + "\n"
                + rows.map(row -> row + "\n").collect(Collectors.joining());
    }

    private String scale() {
        return table(
                "| prompts | cores | TaskManagers of 4 | partitions | done after | Kafka in | Kafka out | stored | checkpoint |",
                Stream.of("1e6", "1e7", "1e8", "1e9").map(prompts -> {
                    JsonNode plan = plan("--prompts", prompts);
                    return String.format(
                            Locale.ROOT,
                            "| %,d | %,d | %,d | %,d | %s | %s | %s | %s | %s |",
                            plan.at("/workload/prompts").asLong(),
                            plan.at("/cluster/cores").asLong(),
                            plan.at("/cluster/taskmanagers").asLong(),
                            plan.at("/cluster/partitions").asLong(),
                            PlanText.time(plan.at("/cluster/seconds").asDouble()),
                            PlanText.bytes(plan.at("/kafka/in").asDouble()),
                            PlanText.bytes(plan.at("/kafka/out").asDouble()),
                            PlanText.bytes(plan.at("/kafka/stored").asDouble()),
                            PlanText.bytes(plan.at("/checkpoint/total").asDouble()));
                }));
    }

    private String memory() {
        return table(
                "| model | weights f32 | heap, process f32 | heap, process bf16 | heap, process int8 |",
                Stream.of("distilgpt2", "gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl")
                        .map(model -> "| " + model + " | "
                                + mebibytes(plan("--model", model).at("/taskmanager_memory/weights")) + " | "
                                + Stream.of("f32", "bf16", "int8")
                                        .map(precision -> plan("--model", model, "--precision", precision)
                                                .at("/taskmanager_memory"))
                                        .map(memory -> mebibytes(memory.path("heap")) + ", "
                                                + mebibytes(memory.path("process")))
                                        .collect(Collectors.joining(" | "))
                                + " |"));
    }

    private static String mebibytes(JsonNode bytes) {
        return String.format(Locale.ROOT, "%,.0f", Math.ceil(bytes.asDouble() / MIB));
    }

    private CostModel costs() {
        JsonNode slot = plan().path("slot");
        return new CostModel(
                slot.path("prefill_s").asDouble(),
                slot.path("decode_s").asDouble(),
                slot.path("prefill_attention_s").asDouble(),
                slot.path("decode_attention_s").asDouble());
    }

    private SkewSimulation.Outcome simulate(int partitions, int prompts, double partitionSkew, double lengthSkew) {
        return new SkewSimulation(SLOTS, partitions * SLOTS, prompts, 32, partitionSkew)
                .run(new SkewedWorkload(32, 64, 1024, lengthSkew, 1), costs());
    }

    private String partitions() {
        return table(
                "| deviation of the partitions' sizes, of their mean | 1 partition a slot | 4 | 16 | exchange |",
                Stream.of(0.0, 0.25, 0.5, 1.0)
                        .map(skew -> String.format(Locale.ROOT, "| %.2f | ", skew)
                                + Stream.of(1, 4, 16)
                                        .map(partitions -> number(simulate(partitions, 256, skew, 0.5)
                                                .slowestOverMean()))
                                        .collect(Collectors.joining(" | "))
                                + " | " + number(simulate(1, 256, skew, 0.5).exchangedOverMean()) + " |"));
    }

    private String lengths() {
        return table(
                "| deviation of the lengths, of their mean | 64 prompts a slot | 256 | 1024 | 1024 with exchange |",
                Stream.of(0.0, 0.5, 1.0)
                        .map(skew -> String.format(Locale.ROOT, "| %.2f | ", skew)
                                + Stream.of(64, 256, 1024)
                                        .map(prompts -> number(
                                                simulate(1, prompts, 0, skew).slowestOverMean()))
                                        .collect(Collectors.joining(" | "))
                                + " | " + number(simulate(1, 1024, 0, skew).exchangedOverMean()) + " |"));
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }
}
