package io.flinkgpt2.cli.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.hub.CachedModel;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelHub;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code models}: what is in the cache. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description =
                "Lists the models in the cache ($FLINK_GPT2_HOME, else the user's cache folder); touches no network.")
public final class ModelsCommand implements Callable<Integer> {

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final double MEGABYTE = 1e6;

    private final Supplier<HubSettings> environment;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text, or json for an object a line (default: text).")
    private OutputFormat output;

    ModelsCommand() {
        this(HubSettings::fromEnvironment);
    }

    ModelsCommand(Supplier<HubSettings> environment) {
        this.environment = environment;
    }

    @Override
    public Integer call() throws IOException {
        HubSettings settings;
        try {
            settings = environment.get();
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        List<CachedModel> models = new ModelHub(settings).models();
        PrintWriter out = spec.commandLine().getOut();
        if (models.isEmpty()) {
            spec.commandLine()
                    .getErr()
                    .println("No models in " + settings.home() + "; 'flink-gpt2 fetch gpt2' fetches one.");
        }
        if (output == OutputFormat.JSON) {
            for (CachedModel model : models) {
                out.print(MAPPER.writeValueAsString(toJson(model)) + "\n");
            }
        } else {
            print(models, out);
        }
        out.flush();
        return 0;
    }

    private static void print(List<CachedModel> models, PrintWriter out) {
        int width = models.stream()
                .mapToInt(model -> model.name().toString().length())
                .max()
                .orElse(0);
        for (CachedModel model : models) {
            out.print(String.format(
                    Locale.ROOT,
                    "%-" + width + "s  %10.1f MB  %-8s  %s\n",
                    model.name(),
                    model.bytes() / MEGABYTE,
                    model.complete() ? "complete" : "partial",
                    model.directory()));
        }
    }

    private static ObjectNode toJson(CachedModel model) {
        ObjectNode json = MAPPER.createObjectNode()
                .put("name", model.name().toString())
                .put("repository", model.name().repository())
                .put("revision", model.name().revision())
                .put("complete", model.complete())
                .put("bytes", model.bytes())
                .put("path", model.directory().toString());
        for (CachedModel.CachedFile file : model.files()) {
            json.withArrayProperty("files").addObject().put("name", file.name()).put("bytes", file.bytes());
        }
        return json;
    }
}
