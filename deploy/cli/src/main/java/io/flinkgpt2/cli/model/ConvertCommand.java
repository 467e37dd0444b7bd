package io.flinkgpt2.cli.model;

import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.ModelCopy;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code convert}: a copy of a model as the transformers library writes it. */
@Command(
        name = "convert",
        mixinStandardHelpOptions = true,
        description = {
            "Writes a copy of a model of any format that is read (safetensors, PyTorch's .bin, GGUF, nanoGPT's ckpt.pt, llm.c's"
                    + " checkpoints) as the transformers library does: config.json, model.safetensors in float32, and the"
                    + " tokenizer's files where the model has them.",
            "The copy gives the same completions. It needs as much memory as running the model in float32."
        })
public final class ConvertCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "Directory of the model, or its weights file, or its name on the hub.")
    private String model;

    @Parameters(index = "1", paramLabel = "DIR", description = "Directory to write to: empty, or made if missing.")
    private Path directory;

    private final Supplier<HubSettings> environment;

    ConvertCommand() {
        this(HubSettings::fromEnvironment);
    }

    ConvertCommand(Supplier<HubSettings> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        // Before the model is loaded, which may take minutes.
        ModelCopy.requireEmpty(directory);
        ModelLocation location = ModelArgument.locate(spec.commandLine(), model, environment);
        PrintWriter err = spec.commandLine().getErr();
        err.printf("Loading %s ...%n", location.path());
        Pretrained pretrained = Pretrained.open(location.path(), LoadOptions.defaults());
        err.printf("Writing %s ...%n", directory);
        ModelCopy.Result copy = ModelCopy.write(pretrained, location.path(), directory);
        long parameters = Gpt2Weights.parameterCount(
                pretrained.config(), pretrained.config().tieWordEmbeddings());
        err.printf(
                Locale.ROOT,
                "Wrote %s: %,d parameters in float32, %,d bytes; files: %s.%n",
                directory,
                parameters,
                Files.size(directory.resolve("model.safetensors")),
                String.join(", ", copy.files()));
        if (!copy.sameTokenizer()) {
            err.println(
                    "The copy's tokenizer differs from the model's: not all of its special tokens could be kept. Token ids"
                            + " are the same; check texts that spell special tokens.");
        }
        return 0;
    }
}
