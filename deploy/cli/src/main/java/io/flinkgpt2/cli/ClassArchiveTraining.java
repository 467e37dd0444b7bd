package io.flinkgpt2.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flinkgpt2.cli.common.Home;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * A run of a few commands, after which the JVM can write an archive of the classes that they load. Started by the launcher, with the
 * family of commands: {@code plain}, {@code engine} or {@code flink}.
 */
final class ClassArchiveTraining {

    private ClassArchiveTraining() {}

    /**
     * Runs the commands.
     *
     * @throws IllegalStateException if one of them fails
     */
    public static void main(String[] args) throws IOException {
        Path directory = Files.createTempDirectory("flink-gpt2-training-");
        try {
            commands(args[0], directory).forEach(ClassArchiveTraining::run);
        } finally {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static void run(List<String> command) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
        int exitCode = Main.run(nowhere, nowhere, command);
        if (exitCode != 0) {
            throw new IllegalStateException(command + " ended with " + exitCode);
        }
    }

    private static List<List<String>> commands(String family, Path directory) throws IOException {
        List<String> help = List.of("--help");
        String model = Home.bundledModel().toString();
        Path prompts = directory.resolve("prompts.jsonl");
        Files.writeString(prompts, "{\"prompt\": \"Once upon a time\", \"max_tokens\": 4}\n".repeat(2));
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
            case "flink" ->
                List.of(
                        help,
                        List.of("demo", "--prompts", prompts.toString(), "--parallelism", "1"),
                        List.of(
                                "batch",
                                "-i",
                                prompts.toString(),
                                "-o",
                                directory.resolve("answers.jsonl").toString(),
                                "--parallelism",
                                "1"));
            default ->
                throw new IllegalArgumentException(
                        "family of commands: found '" + family + "', expected plain, engine or flink");
        };
    }
}
