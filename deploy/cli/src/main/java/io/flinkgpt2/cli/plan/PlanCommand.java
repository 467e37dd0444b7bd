package io.flinkgpt2.cli.plan;

import io.flinkgpt2.cli.common.OutputFormat;
import io.flinkgpt2.tensor.Precision;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code plan}: what a workload needs of a cluster. */
@Command(
        name = "plan",
        mixinStandardHelpOptions = true,
        description = {
            "Tells what so many prompts need of a cluster to be done in time: cores, slots, TaskManagers and their memory,"
                    + " partitions, bytes in Kafka, size of a checkpoint; and what all that rests on.",
            "What a token costs is measured here and now, by the benchmark that 'bench' runs, unless --bench names results of"
                    + " 'bench', or two rates are given. docs/scaling.md has the arithmetic."
        })
public final class PlanCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private WorkloadOptions workload;

    @Mixin
    private CostOptions costs;

    @Option(
            names = "--model",
            defaultValue = "gpt2",
            paramLabel = "MODEL",
            description =
                    "A published size (distilgpt2, gpt2, gpt2-medium, gpt2-large, gpt2-xl), measured with random weights;"
                            + " or a directory or file, or a name on the hub (default: ${DEFAULT-VALUE}).")
    private String model;

    @Option(
            names = "--precision",
            defaultValue = "f32",
            paramLabel = "P",
            description = "Precision of the weights in memory: f32, bf16 or int8 (default: ${DEFAULT-VALUE}).")
    private Precision precision;

    @Option(
            names = "--output",
            defaultValue = "text",
            description = "text, or json for one object with sizes in bytes and times in seconds (default: text).")
    private OutputFormat output;

    @Override
    public Integer call() throws IOException, InterruptedException {
        workload.check();
        costs.check();
        PlannedModel planned = PlannedModel.find(spec.commandLine(), model, precision);
        // Before minutes of measuring.
        Planner.maxContext(workload, planned);
        Plan plan = new Planner(workload, planned, found(planned)).plan();
        String text = output == OutputFormat.JSON ? PlanJson.write(plan) + "\n" : PlanText.write(plan);
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        return 0;
    }

    private CostOptions.Found found(PlannedModel planned) throws IOException, InterruptedException {
        try {
            return costs.find(planned, workload.batchSize);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
