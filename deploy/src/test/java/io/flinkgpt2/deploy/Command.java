package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A command line as a user gives it, run as a process of its own; its two outputs go to files, so that neither blocks it. */
final class Command {

    private static final Path LAUNCHER = Path.of(System.getProperty("launcher"));

    private final List<String> words = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private Optional<Path> directory = Optional.empty();
    private byte[] input = new byte[0];

    private Command(List<String> words) {
        this.words.addAll(words);
    }

    /** The launcher with arguments. */
    static Command launcher(String... arguments) {
        return launcherAt(LAUNCHER, arguments);
    }

    /** The launcher by another path. */
    static Command launcherAt(Path launcher, String... arguments) {
        return of(launcher.toString()).with(arguments);
    }

    static Command of(String... words) {
        return new Command(List.of(words));
    }

    /** The launcher's own path. */
    static Path launcherPath() {
        return LAUNCHER;
    }

    /** The folder {@code deploy}. */
    static Path deploy() {
        return LAUNCHER.getParent().getParent();
    }

    static Path bundledModel() {
        return deploy().resolve("models/fairytales");
    }

    /** A file of the test data of {@code model-core}. */
    static Path testData(String name) {
        return deploy().resolveSibling("model-core")
                .resolve("src/test/resources")
                .resolve(name);
    }

    Command with(String... arguments) {
        words.addAll(Arrays.asList(arguments));
        return this;
    }

    Command in(Path workingDirectory) {
        directory = Optional.of(workingDirectory);
        return this;
    }

    Command environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    Command input(String text) {
        return input(text.getBytes(UTF_8));
    }

    Command input(byte[] bytes) {
        input = bytes.clone();
        return this;
    }

    /** Starts the command; standard input is read from a file. */
    Running start() throws IOException {
        Path files = Files.createTempDirectory("flink-gpt2-test-");
        Path in = Files.write(files.resolve("in"), input);
        ProcessBuilder builder = new ProcessBuilder(words)
                .redirectInput(in.toFile())
                .redirectOutput(files.resolve("out").toFile())
                .redirectError(files.resolve("err").toFile());
        directory.ifPresent(path -> builder.directory(path.toFile()));
        // Only what a test says decides: not what the build was started with.
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.startsWith("FLINK_GPT2_"));
        builder.environment().putAll(environment);
        return new Running(builder.start(), files);
    }

    /** Runs the command to its end. */
    Run run() throws IOException, InterruptedException {
        try (Running running = start()) {
            return running.await();
        }
    }
}
