package io.flinkgpt2.cli.common;

import io.flinkgpt2.json.NearestName;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Messages about a wrong command line, with the command, option or value that was probably meant. */
public final class WrongUsage {

    /** Begins the message of picocli's command {@code help}. */
    private static final String UNKNOWN_SUBCOMMAND = "Unknown subcommand";

    private WrongUsage() {}

    /** Returns what is wrong, on one line. */
    static String message(ParameterException problem) {
        CommandLine command = problem.getCommandLine();
        if (problem instanceof UnmatchedArgumentException unmatched) {
            String first = unmatched.getUnmatched().get(0);
            if (first.startsWith("-") && unmatched.isUnknownOption()) {
                String name = first.replaceFirst("=.*", "");
                return unknownOption(name, NearestName.of(name, allOptionNames(command)));
            }
            if (takesCommands(command)) {
                return unknownCommand(first, command);
            }
        }
        if (problem.getMessage().startsWith(UNKNOWN_SUBCOMMAND) && problem.getValue() != null) {
            return unknownCommand(problem.getValue(), command);
        }
        if (problem instanceof MissingParameterException missing) {
            return misspelt(missing).orElse(problem.getMessage());
        }
        return problem.getMessage() + valueHint(problem);
    }

    private static String unknownOption(String name, Optional<String> meant) {
        return "Unknown option: '" + name + "'" + NearestName.hint(meant);
    }

    /** Returns what is wrong if a required option is missing because it was misspelt. */
    private static Optional<String> misspelt(MissingParameterException problem) {
        List<String> missing = problem.getMissing().stream()
                .filter(ArgSpec::isOption)
                .map(arg -> ((OptionSpec) arg).longestName())
                .toList();
        return problem.getCommandLine().getUnmatchedArguments().stream()
                .filter(argument -> argument.startsWith("-"))
                .map(argument -> argument.replaceFirst("=.*", ""))
                .flatMap(name ->
                        NearestName.of(name, missing).map(meant -> unknownOption(name, Optional.of(meant))).stream())
                .findFirst();
    }

    private static boolean takesCommands(CommandLine command) {
        return !command.getSubcommands().isEmpty()
                && command.getCommandSpec().positionalParameters().isEmpty();
    }

    private static String unknownCommand(String name, CommandLine command) {
        List<String> known = List.copyOf(command.getSubcommands().keySet());
        Optional<String> meant = NearestName.of(name, known);
        return "Unknown command: '" + name + "'" + (meant.isPresent() ? NearestName.hint(meant) : ".") + " Commands: "
                + known.stream().filter(other -> !other.equals("help")).collect(Collectors.joining(", "))
                + ".";
    }

    /** Returns a hint at the value that was meant for an option that takes one of several words. */
    private static String valueHint(ParameterException problem) {
        ArgSpec arg = problem.getArgSpec();
        if (arg == null || problem.getValue() == null) {
            return "";
        }
        return NearestName.hint(problem.getValue(), EnumWords.of(arg).orElse(List.of()));
    }

    private static List<String> allOptionNames(CommandLine command) {
        return command.getCommandSpec().options().stream()
                .map(OptionSpec::longestName)
                .toList();
    }

    /** Returns the names of a command's own options, without the hyphens before them. */
    public static Set<String> optionNames(CommandLine command) {
        return allOptionNames(command).stream()
                .map(name -> name.replaceFirst("^-+", ""))
                .collect(Collectors.toSet());
    }
}
