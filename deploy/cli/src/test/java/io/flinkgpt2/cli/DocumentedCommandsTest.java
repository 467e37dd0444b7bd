package io.flinkgpt2.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Commands in the documents: they exist, as do their options. */
class DocumentedCommandsTest {

    /** The arguments, up to what the shell takes. */
    private static final Pattern COMMAND = Pattern.compile("deploy/bin/flink-gpt2 ([^`|>\\n]+)");

    @ParameterizedTest
    @ValueSource(strings = {"operations.md", "cluster.md"})
    void everyCommandIsUnderstood(String page) throws IOException {
        List<String> commands = COMMAND.matcher(Files.readString(Path.of("..", "..", "docs", page)))
                .results()
                .map((MatchResult found) -> found.group(1).strip())
                .toList();

        assertThat(commands).hasSizeGreaterThan(5);
        for (String command : commands) {
            List<String> words =
                    List.of(command.replaceAll("\"([^\"]*) ([^\"]*)\"", "$1_$2").split("\\s+"));
            CommandLine commandLine = new CommandLine(new Main());
            Commands.addTo(commandLine, words);
            CommandLine.ParseResult parsed =
                    commandLine.setCaseInsensitiveEnumValuesAllowed(true).parseArgs(words.toArray(new String[0]));
            assertThat(parsed.errors()).as(command).isEmpty();
            assertThat(parsed.hasSubcommand()).as(command).isTrue();
        }
    }
}
