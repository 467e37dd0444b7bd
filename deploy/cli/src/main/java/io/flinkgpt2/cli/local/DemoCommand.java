package io.flinkgpt2.cli.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.Home;
import io.flinkgpt2.cli.common.JsonLines;
import io.flinkgpt2.cli.common.OutputFiles;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.cli.common.Progress;
import io.flinkgpt2.cli.common.Slots;
import io.flinkgpt2.cli.common.Steps;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.JobExecutionResult;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** {@code demo}: prompts through a real broker and a real job into completions, in one process. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        customSynopsis =
                "flink-gpt2 demo [--prompts FILE] [--model MODEL] [--out DIR] [--output text|json] [--kafka-port P]"
                        + " [--web-port W] [--parallelism N] [job options]",
        description = {
            "Starts a Kafka broker and a Flink cluster in this process, sends prompts to a topic, runs the job on the bundled"
                    + " model until all are answered, and shows what came out."
        })
public final class DemoCommand implements Callable<Integer> {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final int SHOWN = 5;

    @Spec
    private CommandSpec spec;

    @Option(names = "--prompts", paramLabel = "FILE", description = "Requests, one a line (default: the bundled ones).")
    private Path prompts;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its GGUF file, or its name on the hub (default: the bundled one).")
    private String model;

    @Option(names = "--out", paramLabel = "DIR", description = "Keep completions.jsonl and dead-letters.jsonl there.")
    private Path out;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text, or json for a last line for machines (default: text).")
    private OutputFormat output;

    @Option(
            names = "--kafka-port",
            paramLabel = "P",
            defaultValue = "0",
            description = "Port of the broker (default: any).")
    private int kafkaPort;

    @Option(
            names = "--web-port",
            paramLabel = "W",
            defaultValue = "0",
            description = "Port of Flink's web UI (default: any).")
    private int webPort;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Slots, and partitions of each topic (default: one a core).")
    private Integer parallelism;

    @Unmatched
    private final List<String> jobOptions = new ArrayList<>();

    @Override
    public Integer call() throws Exception {
        PrintWriter err = spec.commandLine().getErr();
        int slots = Slots.orDefault(spec.commandLine(), parallelism);
        List<byte[]> requests = read(prompts == null ? Home.demoPrompts() : prompts);
        String named = model == null ? Home.bundledModel().toString() : model;
        if (out != null) {
            Files.createDirectories(out);
        }
        Steps steps = new Steps(err);
        try (LocalStack stack =
                LocalStack.start(spec.commandLine(), steps, kafkaPort, webPort, slots, named, true, jobOptions)) {
            err.println("Kafka at " + stack.kafka().bootstrapServers() + ", Flink's web UI at "
                    + stack.flink().webUrl() + ", model " + stack.model());
            try (DemoTopics topics = new DemoTopics(stack.settings().kafka())) {
                String sent = requests.size() + " prompts";
                steps.run("Sending " + sent, done -> sent + " sent", () -> {
                    topics.send(requests);
                    return sent;
                });
                return run(stack, topics, requests);
            }
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static List<byte[]> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return new JsonLines(in).allNotBlank();
        }
    }

    private int run(LocalStack stack, DemoTopics topics, List<byte[]> requests) throws Exception {
        long start = System.nanoTime();
        CompletableFuture<JobExecutionResult> job = stack.submit().getJobExecutionResult();
        long tokens = 0;
        try (Progress progress = new Progress(spec.commandLine().getErr())) {
            boolean ended = false;
            while (!ended || topics.hasMore()) {
                ended = job.isDone();
                for (JsonNode completion : topics.poll()) {
                    tokens += completion.path("usage").path("completion_tokens").asLong();
                }
                progress.prompts(topics.answered(), requests.size(), tokens / ((System.nanoTime() - start) * 1e-9));
            }
            job.get();
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        if (out != null) {
            write(out.resolve("completions.jsonl"), topics.completions());
            write(out.resolve("dead-letters.jsonl"), topics.deadLetters());
        }
        DemoSummary summary = new DemoSummary(
                requests.size(),
                topics.completions().size(),
                topics.deadLetters().size(),
                tokens,
                tokens / seconds,
                stack.model());
        PrintWriter text = spec.commandLine().getOut();
        show(text, requests, topics);
        summary.print(text, seconds);
        if (output == OutputFormat.JSON) {
            text.print(MAPPER.writeValueAsString(summary.toJson(MAPPER.createObjectNode())) + "\n");
        }
        text.flush();
        if (topics.everyLineIsAnsweredOnce()) {
            return 0;
        }
        spec.commandLine()
                .getErr()
                .println("Not every prompt was answered exactly once: " + requests.size() + " prompts, "
                        + topics.answered() + " answers.");
        return 1;
    }

    /** The first prompts with what became of them, for people. */
    private static void show(PrintWriter text, List<byte[]> requests, DemoTopics topics) throws IOException {
        for (JsonNode completion : topics.firstCompletions(SHOWN)) {
            JsonNode request = MAPPER.readTree(requests.get(topics.lineOf(completion)));
            JsonNode prompt =
                    request.path("body").isObject() ? request.path("body").path("prompt") : request.path("prompt");
            String completed = completion.path("choices").path(0).path("text").asText();
            text.println(
                    Printable.text((prompt.isTextual() ? prompt.asText() : prompt.toString()) + " >>>" + completed));
            text.println("----");
        }
        for (JsonNode letter : topics.parsedDeadLetters()) {
            JsonNode error = letter.path("error");
            text.println(Printable.line("dead letter (" + error.path("code").asText() + "): "
                    + error.path("message").asText()));
        }
    }

    private static void write(Path file, List<byte[]> lines) throws IOException {
        OutputFiles.write(file, stream -> {
            for (byte[] line : lines) {
                stream.write(line);
                stream.write('\n');
            }
        });
    }

    /** The summary of a demo. */
    record DemoSummary(
            int prompts, int completions, int deadLetters, long tokens, double tokensPerSecond, String model) {

        void print(PrintWriter out, double seconds) {
            out.printf(
                    Locale.ROOT,
                    "%n%d prompts: %d completions, %d dead letters; %d tokens in %.1f s, %.0f tokens/s%nmodel: %s%n",
                    prompts,
                    completions,
                    deadLetters,
                    tokens,
                    seconds,
                    tokensPerSecond,
                    Printable.line(model));
        }

        ObjectNode toJson(ObjectNode json) {
            return json.put("prompts", prompts)
                    .put("completions", completions)
                    .put("dead_letters", deadLetters)
                    .put("tokens", tokens)
                    .put("tokens_per_second", Math.round(tokensPerSecond * 10) / 10.0)
                    .put("model", model);
        }
    }
}
