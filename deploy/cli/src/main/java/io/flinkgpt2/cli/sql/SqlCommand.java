package io.flinkgpt2.cli.sql;

import io.flinkgpt2.cli.common.Home;
import io.flinkgpt2.cli.common.JobStart;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.cli.common.Slots;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code sql}: the statements of a script, one after the other, on a cluster in this process. */
@Command(
        name = "sql",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the statements of a Flink SQL script on a Flink cluster in this process, one after the other: each begins when"
                    + " the job of the one before it has ended. Rows of SELECT go to standard output.",
            "CREATE MODEL … WITH ('provider' = 'gpt2') uses the model of --model where it names none."
        })
public final class SqlCommand implements Callable<Integer> {
    /*
     * Nothing of the planner or the gateway may stand in a signature here: picocli looks at this class whatever the command
     * is, and only 'sql' has them on its class path.
     */

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", description = "The script; - for standard input.")
    private String file;

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description =
                    "Directory of the model, or its GGUF file, or its name on the hub (default: the bundled one).")
    private String model;

    @Option(
            names = "--parallelism",
            paramLabel = "N",
            description = "Slots, and the parallelism of each statement (default: one a core).")
    private Integer parallelism;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text, or json for one JSON object a row (default: text).")
    private OutputFormat output;

    @Option(
            names = "--web-port",
            paramLabel = "W",
            defaultValue = "0",
            description = "Port of Flink's web UI (default: any).")
    private int webPort;

    @Override
    public Integer call() throws Exception {
        JobStart.requirePort("--web-port", webPort);
        int slots = Slots.orDefault(spec.commandLine(), parallelism);
        String script = read();
        String located = model == null
                ? Home.bundledModel().toString()
                : ModelArgument.locate(spec.commandLine(), model).path().toString();
        SqlScript.run(
                file,
                script,
                new SqlScript.Session(located, slots, webPort),
                new RowPrinter(spec.commandLine().getOut(), output));
        return 0;
    }

    private String read() throws IOException {
        byte[] bytes = file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
