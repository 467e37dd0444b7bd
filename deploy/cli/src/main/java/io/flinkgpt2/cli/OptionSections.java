package io.flinkgpt2.cli;

import io.flinkgpt2.cli.OptionFacts.Heading;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The options in the help of a command, under headings, each with its type, range and default. */
final class OptionSections {

    /** Lets a command and those below it show their options so. */
    void addTo(CommandLine command) {
        command.getCommandSpec()
                .usageMessage()
                .sectionMap()
                .put(UsageMessageSpec.SECTION_KEY_OPTION_LIST, this::options);
        command.getSubcommands().values().forEach(this::addTo);
    }

    private String options(Help help) {
        OptionFacts facts = new OptionFacts();
        Map<Heading, List<OptionSpec>> sections = new EnumMap<>(Heading.class);
        List<OptionSpec> all = new ArrayList<>();
        for (OptionSpec option : help.commandSpec().options()) {
            Heading heading = facts.heading(help.commandSpec(), option).orElse(Heading.OUTPUT);
            OptionSpec described = facts.described(help.commandSpec(), option);
            sections.computeIfAbsent(heading, h -> new ArrayList<>()).add(described);
            all.add(described);
        }
        StringBuilder text = new StringBuilder();
        sections.forEach((heading, options) -> {
            // All options, so that the columns of all sections are as wide.
            Help.Layout layout = help.createDefaultLayout(all, List.of(), help.colorScheme());
            layout.addOptions(options, help.parameterLabelRenderer());
            text.append('\n')
                    .append(help.colorScheme().ansi().string("@|bold " + heading.title() + "|@"))
                    .append(":\n")
                    .append(layout);
        });
        return text.toString();
    }
}
