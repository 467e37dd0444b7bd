package io.flinkgpt2.cli.model;

import io.flinkgpt2.cli.common.Progress;
import io.flinkgpt2.hub.HubName;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code fetch}: a model from the hub into the cache. */
@Command(
        name = "fetch",
        mixinStandardHelpOptions = true,
        description = {
            "Fetches a model from the hub into the cache, checks it, and prints its directory. What is there already is not"
                    + " fetched again; what was broken off goes on where it stopped.",
            "The cache is in $FLINK_GPT2_HOME, else in the user's cache folder. A token for private models can stand in"
                    + " $FLINK_GPT2_TOKEN or $HF_TOKEN; FLINK_GPT2_OFFLINE=1 is --offline, FLINK_GPT2_HUB is --hub."
        })
public final class FetchCommand implements Callable<Integer> {

    /** More than any token has. */
    private static final int MOST_TOKEN_BYTES = 1 << 16;

    private final Supplier<HubSettings> environment;

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NAME[@REVISION]",
            description = "gpt2, gpt2-medium, gpt2-large, gpt2-xl, distilgpt2 or owner/name; the revision is a branch,"
                    + " tag or commit (default: main).")
    private String name;

    @Option(names = "--hub", paramLabel = "URL", description = "Address of the hub (default: https://huggingface.co).")
    private String hub;

    @Option(names = "--token-file", paramLabel = "FILE", description = "File with the token for private models.")
    private Path tokenFile;

    @Option(names = "--offline", description = "Only say whether the model is in the cache; touch no network.")
    private boolean offline;

    FetchCommand() {
        this(HubSettings::fromEnvironment);
    }

    FetchCommand(Supplier<HubSettings> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        byte[] token = tokenFile == null ? null : readToken();
        HubName model;
        HubSettings settings;
        try {
            model = HubName.parse(name);
            settings = settings(token);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        Path directory;
        try (Progress progress = new Progress(spec.commandLine().getErr())) {
            directory = new ModelHub(settings).resolve(model, progress::fetch);
        }
        spec.commandLine().getErr().println(model + " is complete.");
        sayWhatItsTokenizerCannot(directory);
        spec.commandLine().getOut().println(directory);
        return 0;
    }

    /** Warns of a tokenizer that cannot be used, known only now; the model's weights may be of use all the same. */
    private void sayWhatItsTokenizerCannot(Path directory) {
        try {
            Pretrained.openTokenizer(directory)
                    .refusalOfText()
                    .ifPresent(why -> spec.commandLine().getErr().println("Note: " + why + "."));
        } catch (IOException e) {
            spec.commandLine().getErr().println("Warning: its tokenizer cannot be read: " + e.getMessage());
        }
    }

    private HubSettings settings(byte[] token) {
        HubSettings settings = environment.get();
        if (hub != null) {
            settings = settings.withBaseAddress("--hub", hub);
        }
        if (token != null) {
            // Whatever is not ASCII is refused as a token, and not by a decoder that would show it.
            String text = new String(token, StandardCharsets.ISO_8859_1);
            settings = settings.withToken("--token-file " + tokenFile, text);
        }
        return offline ? settings.withOffline(true) : settings;
    }

    private byte[] readToken() throws IOException {
        try (InputStream in = Files.newInputStream(tokenFile)) {
            return in.readNBytes(MOST_TOKEN_BYTES);
        }
    }
}
