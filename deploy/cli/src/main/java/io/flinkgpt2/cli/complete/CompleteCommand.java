package io.flinkgpt2.cli.complete;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.InterruptibleInput;
import io.flinkgpt2.cli.common.JsonLines;
import io.flinkgpt2.cli.common.LoadArguments;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.OutputLines;
import io.flinkgpt2.cli.common.Printable;
import io.flinkgpt2.cli.common.RequestOptions;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.CompletionChoice;
import io.flinkgpt2.job.record.CompletionJson;
import io.flinkgpt2.job.record.CompletionRecord;
import io.flinkgpt2.job.record.CompletionRecords;
import io.flinkgpt2.job.record.ConstraintCheck;
import io.flinkgpt2.job.record.DeadLetter;
import io.flinkgpt2.job.record.DeadLetterJson;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.RecordEnvelope;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.RequestCompleter;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.job.record.UnknownFields;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tensor.Workers;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code complete}: prompts to completions without Kafka and Flink, by the same parser and generator as the job. */
@Command(
        name = "complete",
        mixinStandardHelpOptions = true,
        modelTransformer = RequestOptions.class,
        description = {
            "Completes one prompt, or the request bodies on standard input, one JSON object a line.",
            "With --output json, prints the job's records; what is wrong with a request is printed as its dead letter, and the"
                    + " exit code is 1 in the end. Options of the request are defaults for bodies that lack them."
        })
public final class CompleteCommand implements Callable<Integer> {

    private static final String NAME = "complete";
    private static final int PREFILL_CHUNK = 128;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its GGUF file, or its name on the hub (gpt2, owner/name[@revision]),"
                            + " which is fetched if it is not in the cache.")
    private String model;

    @Mixin
    private LoadArguments load;

    @ArgGroup
    private Prompt prompt;

    /** The prompt, if it is not on standard input. */
    static final class Prompt {
        @Option(names = "--prompt", paramLabel = "TEXT", description = "The prompt.")
        private String text;

        @Option(
                names = "--prompt-ids",
                paramLabel = "IDS",
                split = ",",
                description = "The prompt as token ids: 1,2,3.")
        private List<Integer> ids;
    }

    @Option(
            names = "--max-context",
            paramLabel = "C",
            description = "The most tokens of prompt and completion together (default: the model's n_positions).")
    private Integer maxContext;

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Cores that work on each token together (default: 1); the answers are the same.")
    private int threads;

    @Option(names = "--output", defaultValue = "text", description = "text or json (default: text).")
    private OutputFormat output;

    @Option(
            names = "--envelope",
            paramLabel = "WHEN",
            defaultValue = "as-sent",
            description =
                    "Which answers of --output json are written in an envelope of the Batch API: those to requests that"
                            + " came in one (as-sent), none (never) or all (always); default: as-sent.")
    private RecordEnvelope envelope;

    private final Supplier<HubSettings> environment;
    private RequestParser parser;
    private RequestCompleter completer;

    CompleteCommand() {
        this(HubSettings::fromEnvironment);
    }

    CompleteCommand(Supplier<HubSettings> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        LoadOptions options = load.options().withKernels(Kernels.warmingUp());
        ModelLocation location = ModelArgument.locate(spec.commandLine(), model, environment);
        Pretrained pretrained = Pretrained.open(location.path(), options);
        int context = maxContext == null ? pretrained.config().contextLength() : maxContext;
        PromptLimits limits;
        try {
            limits = new PromptLimits(pretrained.config(), context);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
        parser = new RequestParser(
                pretrained.tokenizer(),
                limits,
                Set.copyOf(location.names()),
                UnknownFields.REJECT,
                AnswerLimits.none(),
                RequestDefaults.ofTheFormat().withFields(RequestOptions.given(spec)),
                ConstraintCheck.compiledBy(pretrained.constraints()));
        if (output == OutputFormat.TEXT) {
            pretrained
                    .tokenizer()
                    .refusalOfText()
                    .ifPresent(why -> spec.commandLine()
                            .getErr()
                            .println(
                                    "Note: " + why + ". Its answers have no text; --output json shows the token ids."));
        }
        if (threads < 1) {
            throw new ParameterException(spec.commandLine(), "--threads: found " + threads + ", expected 1 or more");
        }
        try (Workers workers = new Workers(threads)) {
            completer = new RequestCompleter(
                    new Generator(
                            pretrained.model(),
                            pretrained.tokenizer(),
                            context,
                            PREFILL_CHUNK,
                            workers,
                            Generator.mostKvCacheBytes(pretrained.config(), context),
                            pretrained.constraints()),
                    new CompletionRecords(
                            NAME,
                            location.name(),
                            pretrained.revision(),
                            pretrained.precision(),
                            pretrained.tokenizer(),
                            envelope),
                    true);
            return prompt == null ? completeLines() : completePrompt();
        }
    }

    private int completePrompt() throws IOException {
        ObjectNode body = MAPPER.createObjectNode();
        if (prompt.text != null) {
            body.put("prompt", prompt.text);
        } else {
            prompt.ids.forEach(id -> body.withArrayProperty("prompt").add(id));
        }
        try {
            PromptRecord record = record("prompt", 0, MAPPER.writeValueAsBytes(body));
            CompletionRecord completion = completer.complete(parser.parse(record, record.source.timestamp));
            print(completion);
            return completion.error == null ? 0 : 1;
        } catch (InvalidRequestException e) {
            throw new ParameterException(spec.commandLine(), e.error().message, e);
        }
    }

    private int completeLines() throws IOException {
        JsonLines lines = new JsonLines(new InterruptibleInput(System.in));
        int exitCode = 0;
        long number = 0;
        for (byte[] line = lines.nextNotBlank();
                line != null && !Thread.currentThread().isInterrupted();
                line = lines.nextNotBlank()) {
            PromptRecord record = record("stdin", number++, line);
            try {
                CompletionRecord completion = completer.complete(parser.parse(record, record.source.timestamp));
                print(completion);
                exitCode = completion.error == null ? exitCode : 1;
            } catch (InvalidRequestException e) {
                exitCode = 1;
                printInvalid(record, lines.lineNumber(), e);
            }
        }
        return exitCode;
    }

    private static PromptRecord record(String topic, long offset, byte[] value) {
        PromptRecord record = new PromptRecord();
        record.source = new RecordSource();
        record.source.topic = topic;
        record.source.partition = 0;
        record.source.offset = offset;
        record.source.timestamp = System.currentTimeMillis();
        record.value = value;
        record.headers = new ArrayList<>();
        return record;
    }

    private void print(CompletionRecord completion) throws IOException {
        if (output == OutputFormat.JSON) {
            printLine(CompletionJson.write(completion));
        } else if (completion.error == null) {
            for (CompletionChoice choice : completion.choices) {
                printLine(choice.text.getBytes(StandardCharsets.UTF_8));
            }
        } else {
            say(completion.customId + ": " + completion.error.message);
        }
    }

    private void printInvalid(PromptRecord record, long lineNumber, InvalidRequestException e) throws IOException {
        if (output == OutputFormat.TEXT) {
            say("line " + lineNumber + ": " + e.error().message);
            return;
        }
        DeadLetter letter = new DeadLetter(record, e.error(), NAME, System.currentTimeMillis());
        printLine(DeadLetterJson.write(letter, Integer.MAX_VALUE, Integer.MAX_VALUE)
                .value());
    }

    private void say(String message) {
        spec.commandLine().getErr().println(Printable.line(message));
    }

    private static void printLine(byte[] bytes) {
        OutputLines.write(System.out, bytes);
    }
}
