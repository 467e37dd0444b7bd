package io.flinkgpt2.cli;

import io.flinkgpt2.cli.batch.BatchCommand;
import io.flinkgpt2.cli.bench.BenchCommand;
import io.flinkgpt2.cli.cluster.ClusterCommand;
import io.flinkgpt2.cli.cluster.StopJobCommand;
import io.flinkgpt2.cli.cluster.SubmitCommand;
import io.flinkgpt2.cli.complete.CompleteCommand;
import io.flinkgpt2.cli.complete.SchemaCommand;
import io.flinkgpt2.cli.complete.TokenizeCommand;
import io.flinkgpt2.cli.completion.CompletionCommand;
import io.flinkgpt2.cli.local.DemoCommand;
import io.flinkgpt2.cli.local.LocalCommand;
import io.flinkgpt2.cli.model.ConvertCommand;
import io.flinkgpt2.cli.model.FetchCommand;
import io.flinkgpt2.cli.model.ModelsCommand;
import io.flinkgpt2.cli.model.RandomModelCommand;
import io.flinkgpt2.cli.plan.PlanCommand;
import io.flinkgpt2.cli.sql.SqlCommand;
import io.flinkgpt2.cli.topic.ConsumeCommand;
import io.flinkgpt2.cli.topic.ProduceCommand;
import io.flinkgpt2.cli.verify.VerifyCommand;
import io.flinkgpt2.job.JobArguments;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The commands by their names. Reading the options of them all from their annotations would take most of the time of a short command,
 * so a command is made whole only where the arguments name it, and of the others there is as much as the list of commands shows.
 */
final class Commands {

    private static final String HELP = "help";
    private static final String COMPLETION = "completion";

    private Commands() {}

    /** Returns all commands, in the order of the help. */
    static Map<String, Class<?>> all() {
        Map<String, Class<?>> commands = new LinkedHashMap<>();
        commands.put("demo", DemoCommand.class);
        commands.put("local", LocalCommand.class);
        commands.put("cluster", ClusterCommand.class);
        commands.put("submit", SubmitCommand.class);
        commands.put("stop-job", StopJobCommand.class);
        commands.put("sql", SqlCommand.class);
        commands.put("complete", CompleteCommand.class);
        commands.put("batch", BatchCommand.class);
        commands.put("produce", ProduceCommand.class);
        commands.put("consume", ConsumeCommand.class);
        commands.put("tokenize", TokenizeCommand.class);
        commands.put("schema", SchemaCommand.class);
        commands.put("verify", VerifyCommand.class);
        commands.put("bench", BenchCommand.class);
        commands.put("plan", PlanCommand.class);
        commands.put("random-model", RandomModelCommand.class);
        commands.put("fetch", FetchCommand.class);
        commands.put("convert", ConvertCommand.class);
        commands.put("models", ModelsCommand.class);
        commands.put(COMPLETION, CompletionCommand.class);
        commands.put(HELP, CommandLine.HelpCommand.class);
        return commands;
    }

    /** Adds the commands that the arguments may mean. */
    static void addTo(CommandLine top, List<String> args) {
        Map<String, Class<?>> all = all();
        // A file of arguments may name any, and the script for a shell has them all.
        boolean any = args.contains(COMPLETION) || args.stream().anyMatch(arg -> arg.startsWith("@"));
        boolean namedFirst = !args.isEmpty() && all.containsKey(args.get(0));
        all.forEach((name, type) -> {
            if (any || args.contains(name)) {
                top.addSubcommand(name, new CommandLine(type));
                switch (name) {
                    case "batch", "demo", "local", "submit" ->
                        addJobOptionsToHelp(top.getSubcommands().get(name).getCommandSpec());
                    default -> {} // has options of its own only
                }
            } else if (!namedFirst || args.get(0).equals(HELP)) {
                top.addSubcommand(name, listed(type));
            }
        });
    }

    /** Returns as much of a command as the list of commands shows. */
    private static CommandSpec listed(Class<?> type) {
        CommandSpec spec = CommandSpec.create();
        Command command = type.getAnnotation(Command.class);
        spec.usageMessage().header(command.header()).description(command.description());
        return spec;
    }

    /** Shows the job's options below the command's own. */
    private static void addJobOptionsToHelp(CommandSpec command) {
        command.usageMessage().sectionMap().put("jobOptions", help -> "\n" + JobArguments.help());
        List<String> keys = new ArrayList<>(command.usageMessage().sectionKeys());
        keys.add("jobOptions");
        command.usageMessage().sectionKeys(keys);
    }
}
