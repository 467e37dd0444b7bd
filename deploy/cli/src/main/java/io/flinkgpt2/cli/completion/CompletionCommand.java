package io.flinkgpt2.cli.completion;

import io.flinkgpt2.cli.common.EnumWords;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.OptionNames;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.flink.configuration.ConfigOption;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code completion}: the script by which a shell completes commands, options and their values. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        description = {
            "Prints a script by which the shell completes commands, options and values that are one of several words.",
            "bash, for this session:  source <(flink-gpt2 completion bash)",
            "bash, for every session: flink-gpt2 completion bash > ~/.local/share/bash-completion/completions/flink-gpt2",
            "zsh, in .zshrc:          source <(flink-gpt2 completion zsh)"
        })
public final class CompletionCommand implements Runnable {

    /** A shell. Both take the same script; in zsh it loads {@code bashcompinit} first. */
    enum Shell {
        BASH,
        ZSH
    }

    @Spec
    private CommandSpec spec;

    static final class Shells extends ArrayList<String> {
        private static final long serialVersionUID = 1L;

        Shells() {
            super(EnumWords.of(Shell.class));
        }
    }

    @Parameters(paramLabel = "SHELL", completionCandidates = Shells.class, description = "bash or zsh.")
    private Shell shell;

    @Override
    public void run() {
        CommandLine root = spec.root().commandLine();
        prepare(root);
        spec.commandLine().getOut().print(AutoComplete.bash(root.getCommandName(), root));
        spec.commandLine().getOut().flush();
    }

    /** Gives the commands the options and words that their parser does without. This process parses nothing after it. */
    private static void prepare(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        for (OptionSpec option : List.copyOf(spec.options())) {
            EnumWords.of(option).filter(words -> option.group() == null).ifPresent(words -> {
                spec.remove(option);
                spec.addOption(OptionSpec.builder(option)
                        .paramLabel(variable(option.longestName()))
                        .completionCandidates(words)
                        .build());
            });
        }
        if (!spec.unmatchedArgsBindings().isEmpty()) {
            addJobOptions(spec);
        }
        command.getSubcommands().values().forEach(CompletionCommand::prepare);
    }

    /** Returns a label of its own for an option: the script has a variable for each label. */
    private static String variable(String name) {
        return name.replaceAll("[^A-Za-z0-9]+", "_");
    }

    /** Adds the job's options by their full keys, and by the words after the last dot where those have a hyphen. */
    private static void addJobOptions(CommandSpec spec) {
        for (String name : OptionNames.all()) {
            boolean known = spec.findOption("--" + name) != null;
            boolean full =
                    JobOptions.ALL.stream().anyMatch(option -> option.key().equals(name));
            boolean ending = name.contains("-")
                    && JobOptions.ALL.stream().anyMatch(option -> option.key().endsWith("." + name));
            if (!known && (full || ending)) {
                OptionSpec.Builder option = OptionSpec.builder("--" + name)
                        .paramLabel(variable(name))
                        .arity("1")
                        .type(String.class);
                jobWords(name).ifPresent(option::completionCandidates);
                spec.addOption(option.build());
            }
        }
    }

    private static Optional<List<String>> jobWords(String name) {
        return JobOptions.ALL.stream()
                .filter(option -> option.key().equals(name) || option.key().endsWith("." + name))
                .map(ConfigOption::defaultValue)
                .filter(Enum.class::isInstance)
                .map(value -> EnumWords.of(((Enum<?>) value).getDeclaringClass()))
                .findFirst();
    }
}
