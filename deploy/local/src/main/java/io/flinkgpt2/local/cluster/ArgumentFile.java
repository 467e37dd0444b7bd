package io.flinkgpt2.local.cluster;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A command line of {@code java} in a file: the format of the {@code @argument} files of the JDK's {@code java} command. It
 * keeps the command itself so short that the list of processes shows whose it is.
 */
final class ArgumentFile {

    private ArgumentFile() {}

    /** Returns one quoted argument a line. */
    static String format(List<String> arguments) {
        return arguments.stream().map(ArgumentFile::quote).collect(Collectors.joining("\n", "", "\n"));
    }

    private static String quote(String argument) {
        return "\""
                + argument.replace("\\", "\\\\")
                        .replace("\"", "\\\"")
                        .replace("\n", "\\n")
                        .replace("\r", "\\r")
                        .replace("\t", "\\t")
                        .replace("\f", "\\f")
                + "\"";
    }
}
