package io.flinkgpt2.cli.verify;

import io.flinkgpt2.cli.common.LoadArguments;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Progress;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.hub.HubName;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.validation.ExpectedValues;
import io.flinkgpt2.validation.KnownAnswers;
import io.flinkgpt2.validation.Perplexity;
import io.flinkgpt2.validation.SelfChecks;
import io.flinkgpt2.validation.ValidationPoints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code verify}: whether a model is computed rightly on this machine. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Looks at a model's forward pass at twelve points, from the first layer norm to the text, and compares them with"
                    + " expected values, or else with a plain float64 pass over the same weights.",
            "Also checks that cached = recomputed, batched = alone, scalar = vector kernels, and decoded = encoded text."
                    + " For a published model that is given by name, its published answers too.",
            "Exit code 1 if anything fails."
        })
public final class VerifyCommand implements Callable<Integer> {

    private static final String DEFAULT_PROMPT = "Once upon a time there was";
    private static final int DEFAULT_PROMPT_IDS = 5;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--model",
            required = true,
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its weights file, or its name on the hub (gpt2, owner/name[@revision]),"
                            + " which is fetched if it is not in the cache.")
    private String model;

    @Mixin
    private LoadArguments load;

    @ArgGroup
    private Cases cases;

    /** The cases that the points are checked for. */
    static final class Cases {
        @Option(
                names = "--expected",
                paramLabel = "FILE",
                description = "JSON file with prompts and the values that they should give.")
        private Path expected;

        @Option(names = "--prompt", paramLabel = "TEXT", description = "A prompt (default: the beginning of a tale).")
        private String text;

        @Option(names = "--prompt-ids", paramLabel = "IDS", split = ",", description = "A prompt as token ids: 1,2,3.")
        private List<Integer> ids;
    }

    @Option(
            names = "--known-answers",
            paramLabel = "NAME",
            description = "Check the published answers of gpt2, gpt2-medium, gpt2-large, gpt2-xl or distilgpt2.")
    private String knownAnswers;

    @ArgGroup(exclusive = false)
    private Text text;

    /** A text of which the perplexity is measured. */
    static final class Text {
        @Option(
                names = "--perplexity",
                required = true,
                paramLabel = "FILE",
                description = "Measure the perplexity of a text in UTF-8.")
        private Path file;

        @Option(
                names = "--stride",
                paramLabel = "N",
                description = "Tokens from window to window (default: half a window).")
        private Integer stride;
    }

    @Option(
            names = "--max-context",
            paramLabel = "C",
            description = "Tokens of a window of --perplexity (default: the model's n_positions).")
    private Integer maxContext;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text, or json for an object a line (default: text).")
    private OutputFormat output;

    private final Supplier<HubSettings> environment;

    VerifyCommand() {
        this(HubSettings::fromEnvironment);
    }

    VerifyCommand(Supplier<HubSettings> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        Optional<KnownAnswers> asked = askedAnswers();
        LoadOptions options = load.options();
        ModelLocation location = ModelArgument.locate(spec.commandLine(), model, environment);
        Optional<KnownAnswers> answers = asked.or(this::impliedAnswers);
        Pretrained pretrained = Pretrained.open(location.path(), options);
        int window = window(pretrained);
        int stride = stride(window);
        Verification verification = output == OutputFormat.JSON
                ? new JsonVerification(spec.commandLine().getOut())
                : new TextVerification(spec.commandLine().getOut());
        verification.begin(location, pretrained);
        ValidationPoints points = new ValidationPoints(pretrained);
        int[] prompt;
        if (cases != null && cases.expected != null) {
            ExpectedValues expected = ExpectedValues.read(cases.expected, location.path(), pretrained.config());
            prompt = expected.firstPrompt();
            verification.add(points.check(expected));
        } else {
            prompt = prompt(pretrained);
            verification.add(points.check("prompt " + Arrays.toString(prompt), prompt));
        }
        verification.add(new SelfChecks(pretrained).check(prompt));
        if (answers.isPresent()) {
            verification.add(answers.get().check(pretrained));
        }
        if (text != null) {
            measure(verification, pretrained, window, stride);
        }
        verification.end();
        verification.failures().forEach(failed -> spec.commandLine().getErr().println("failed: " + failed));
        return verification.failures().isEmpty() ? 0 : 1;
    }

    /** Returns the known answers that were asked for. */
    private Optional<KnownAnswers> askedAnswers() {
        try {
            return Optional.ofNullable(knownAnswers).map(KnownAnswers::of);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }

    /** Returns the known answers of a published model that was given by its name, whatever the revision; none for a path. */
    private Optional<KnownAnswers> impliedAnswers() {
        if (Files.exists(Path.of(model))) {
            return Optional.empty();
        }
        String name = HubName.parse(model.replaceFirst("@.*", "")).toString();
        return Optional.of(name).filter(KnownAnswers.names()::contains).map(KnownAnswers::of);
    }

    private int window(Pretrained pretrained) {
        int longest = pretrained.config().contextLength();
        int window = maxContext == null ? longest : maxContext;
        try {
            return new PromptLimits(pretrained.config(), window).maxContext();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), "--" + e.getMessage(), e);
        }
    }

    private int stride(int window) {
        int stride = text == null || text.stride == null ? Math.max(1, window / 2) : text.stride;
        if (stride < 1 || stride > window) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--stride: found " + stride + ", expected 1.." + window + ", the tokens of a window");
        }
        return stride;
    }

    private int[] prompt(Pretrained pretrained) {
        int longest = pretrained.config().contextLength();
        int vocabularySize = pretrained.config().vocabularySize();
        boolean takesText = pretrained.tokenizer().refusalOfText().isEmpty();
        if (cases == null) {
            int[] tale = takesText ? pretrained.tokenizer().encode(DEFAULT_PROMPT) : new int[0];
            boolean suits =
                    takesText && tale.length <= longest && Arrays.stream(tale).allMatch(id -> id < vocabularySize);
            return suits
                    ? tale
                    : IntStream.rangeClosed(1, Math.min(longest, DEFAULT_PROMPT_IDS))
                            .map(i -> i % vocabularySize)
                            .toArray();
        }
        try {
            int[] ids = cases.text != null
                    ? pretrained.tokenizer().encode(cases.text)
                    : cases.ids.stream().mapToInt(Integer::intValue).toArray();
            return new PromptLimits(pretrained.config(), longest).fit(ids, 0);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private void measure(Verification verification, Pretrained pretrained, int window, int stride) throws IOException {
        byte[] bytes = Files.readAllBytes(text.file);
        try (Progress progress = new Progress(spec.commandLine().getErr())) {
            int[] ids = pretrained.tokenizer().encode(utf8(bytes));
            progress.perplexity(0, ids.length);
            verification.add(
                    text.file,
                    bytes.length,
                    Perplexity.of(
                            pretrained.model(), ids, window, stride, done -> progress.perplexity(done, ids.length)));
        } catch (IllegalArgumentException | CharacterCodingException e) {
            String message = e instanceof CharacterCodingException
                    ? "found bytes that are not UTF-8, expected text in UTF-8; convert it"
                    : e.getMessage();
            throw new IOException(text.file + ": " + message, e);
        }
    }

    private static String utf8(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8
                .newDecoder()
                .decode(ByteBuffer.wrap(bytes))
                .toString();
    }
}
