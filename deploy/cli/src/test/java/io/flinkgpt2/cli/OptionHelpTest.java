package io.flinkgpt2.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The help of every command: each option under a heading, with its type, its range where it is a number, and its default. */
class OptionHelpTest {

    private static final Pattern RANGE = Pattern.compile("\\d\\.\\.|\\d or more|above 0|64 bits");

    static Stream<List<String>> commands() {
        List<List<String>> commands = new ArrayList<>();
        collect(top(), List.of(), commands);
        return commands.stream();
    }

    /** Returns the command line with all commands whole. */
    private static CommandLine top() {
        CommandLine top = new CommandLine(new Main());
        Commands.addTo(top, List.copyOf(Commands.all().keySet()));
        return top;
    }

    private static void collect(CommandLine command, List<String> words, List<List<String>> into) {
        into.add(words);
        command.getSubcommands().forEach((name, below) -> {
            List<String> longer = new ArrayList<>(words);
            longer.add(name);
            collect(below, longer, into);
        });
    }

    private static CommandLine command(List<String> words) {
        CommandLine command = top();
        for (String word : words) {
            command = command.getSubcommands().get(word);
        }
        return command;
    }

    @ParameterizedTest
    @MethodSource("commands")
    void everyOptionHasAHeadingATypeARangeAndADefault(List<String> words) {
        OptionFacts facts = new OptionFacts();
        CommandLine command = command(words);

        for (OptionSpec option : command.getCommandSpec().options()) {
            assertThat(facts.heading(command.getCommandSpec(), option))
                    .as("heading of %s", option)
                    .isPresent();
            if (option.usageHelp() || option.versionHelp()) {
                continue;
            }
            String description = String.join(" ", facts.description(command.getCommandSpec(), option));
            assertThat(description).as(option.longestName()).matches("(?s).* \\[[^\\[]+]");
            assertThat(description).as(option.longestName()).containsPattern("required|[Dd]efault: ");
            if (OptionFacts.isNumber(OptionFacts.valueType(option))) {
                assertThat(description).as("range of %s", option.longestName()).containsPattern(RANGE);
                assertThat(description).as(option.longestName()).containsPattern("\\[(integer|number)");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("commands")
    void helpShowsEveryOptionOnceAndSaysNothingTwice(List<String> words) {
        List<String> line = new ArrayList<>(words);
        if (words.equals(List.of("help"))) {
            return;
        }
        line.add("--help");
        CommandRun run = CommandRun.of(line.toArray(new String[0]));

        assertThat(run.exitCode()).as(run.err()).isZero();
        String options = run.out().split("\nOptions of the job")[0].replaceFirst("(?s).*?\n\n(?=[A-Z][a-z]+:\n)", "\n");
        for (OptionSpec option : command(words).getCommandSpec().options()) {
            String name = Pattern.quote(option.longestName());
            assertThat(Pattern.compile("(?m)^ {2,6}(-\\w, )?(-[\\w.-]+, )*" + name + "(?![\\w.-])")
                            .matcher(options)
                            .results())
                    .as("%s in the help of %s", option.longestName(), words)
                    .hasSize(1);
        }
        assertThat(options)
                .doesNotContain("${", "%n", "\u001b", "=<")
                .doesNotContainPattern("default: [^\\]]*default: ");
    }

    @Test
    void headingsStandInOneOrder() {
        String help = CommandRun.of("complete", "--help").out();

        assertThat(help)
                .containsSubsequence("\nModel:\n", "\nPrompt:\n", "\nSampling:\n", "\nLimits:\n", "\nOutput:\n");
        assertThat(help)
                .containsSubsequence(
                        "Model:", "--model=MODEL", "Sampling:", "--temperature=T", "Limits:", "--threads=N");
    }

    @Test
    void oneOfEachKind() {
        assertThat(described("complete", "--temperature")).endsWith("[number of 0 or more; default: 1]");
        assertThat(described("bench", "--repeats")).endsWith("[integer, 1 or more; default: 5]");
        assertThat(described("complete", "--output")).endsWith("[text|json; default: text]");
        assertThat(described("complete", "--model")).endsWith("[text; required]");
        assertThat(described("complete", "--echo")).endsWith("[flag; default: false]");
        assertThat(described("batch", "--unordered")).endsWith("[flag; default: off]");
        assertThat(described("batch", "--out")).endsWith("[path; required]");
        assertThat(described("batch", "--parallelism")).endsWith("[integer, 1..1024; default: one a core]");
        assertThat(described("bench", "--positions"))
                .endsWith("[integers, 0 or more, below n_positions; default: 256,512,1000]");
        assertThat(described("plan", "--prompts")).endsWith("[number, 1..1e15; required]");
    }

    private static String described(String name, String option) {
        CommandLine command = command(List.of(name));
        String[] lines = new OptionFacts()
                .description(command.getCommandSpec(), command.getCommandSpec().findOption(option));
        return lines[lines.length - 1];
    }
}
