package io.flinkgpt2.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flinkgpt2.cli.common.Home;
import java.io.OutputStream;
import java.io.PrintStream;
import java.util.List;

/**
 * A run of a few commands, after which the JVM can write an archive of the classes that they load. Started by the launcher, with the
 * family of commands: {@code plain} or {@code engine}.
 */
final class ClassArchiveTraining {

    private ClassArchiveTraining() {}

    /**
     * Runs the commands.
     *
     * @throws IllegalStateException if one of them fails
     */
    public static void main(String[] args) {
        commands(args[0]).forEach(ClassArchiveTraining::run);
    }

    private static void run(List<String> command) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
        int exitCode = Main.run(nowhere, nowhere, command);
        if (exitCode != 0) {
            throw new IllegalStateException(command + " ended with " + exitCode);
        }
    }

    private static List<List<String>> commands(String family) {
        List<String> help = List.of("--help");
        String model = Home.bundledModel().toString();
        return switch (family) {
            case "plain" -> List.of(help, List.of("complete", "--help"), List.of("schema"), List.of("--version"));
            case "engine" ->
                List.of(
                        help,
                        List.of("tokenize", "--model", model),
                        List.of("complete", "--model", model, "--prompt", "Once upon a time", "--max-tokens", "8"),
                        List.of(
                                "complete",
                                "--model",
                                model,
                                "--prompt",
                                "Once",
                                "--max-tokens",
                                "8",
                                "--output",
                                "json"));
            default ->
                throw new IllegalArgumentException(
                        "family of commands: found '" + family + "', expected plain or engine");
        };
    }
}
