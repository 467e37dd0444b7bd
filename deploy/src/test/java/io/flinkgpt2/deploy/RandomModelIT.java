package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of published sizes that nobody trained. */
class RandomModelIT {

    private static final long MOST_RESIDENT_KB = 1_300_000;

    @TempDir
    private Path directory;

    @Test
    void theSameSeedWritesTheSameBytesAndTheModelCompletes() throws Exception {
        Path one = directory.resolve("made/on the way");
        Path other = directory.resolve("other");
        Run run = randomModel("distilgpt2", "1", one);
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains(one.toString(), "81,912,576", "seed 1");
        assertThat(randomModel("distilgpt2", "1", other).exitCode()).isZero();

        assertThat(Files.mismatch(one.resolve("model.safetensors"), other.resolve("model.safetensors")))
                .isEqualTo(-1);
        assertThat(Files.mismatch(one.resolve("config.json"), other.resolve("config.json")))
                .isEqualTo(-1);
        assertThat(names(one)).containsExactly("config.json", "model.safetensors");

        Run again = randomModel("distilgpt2", "2", other);
        assertThat(again.exitCode()).isEqualTo(2);
        assertThat(again.err()).startsWith(other.resolve("model.safetensors") + " exists already");
        assertThat(Files.mismatch(one.resolve("model.safetensors"), other.resolve("model.safetensors")))
                .isEqualTo(-1);

        Run completed = Command.launcher("complete", "--model", one.toString(), "--prompt", "The king")
                .with("--max-tokens", "3", "--output", "json")
                .run();
        assertThat(completed.exitCode()).as(completed.err()).isZero();
        assertThat(completed.json().get(0).path("choices").path(0).path("token_ids"))
                .isNotEmpty();
    }

    @Test
    void gpt2RunsInLittleMoreThanTwiceItsWeights() throws Exception {
        Path model = directory.resolve("gpt2");
        assertThat(randomModel("gpt2", "1", model).exitCode()).isZero();

        long peak = 0;
        try (Running running = Command.launcher("complete", "--model", model.toString(), "--prompt", "The king")
                .with("--max-tokens", "30", "--output", "json")
                .start()) {
            // The kernel keeps the peak, so what is read last holds.
            for (long read = peakKb(running); read > 0; read = peakKb(running)) {
                peak = read;
                Thread.sleep(20);
            }
            assertThat(running.await().exitCode()).isZero();
        }

        assertThat(peak).isBetween(500_000L, MOST_RESIDENT_KB);
    }

    @Test
    void anUnknownSizeIsRefusedWithTheListOfSizes() throws Exception {
        Path model = directory.resolve("model");
        Run run = randomModel("gpt3", "1", model);

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("'gpt3'", "distilgpt2", "gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl");
        assertThat(model).doesNotExist();
    }

    private static Run randomModel(String size, String seed, Path directory) throws Exception {
        return Command.launcher("random-model", "--size", size, "--seed", seed, directory.toString())
                .run();
    }

    /** The most memory that the process has had resident, in kB; 0 once it has ended. */
    private static long peakKb(Running running) throws IOException {
        try {
            return Files.readAllLines(Path.of("/proc/" + running.pid() + "/status")).stream()
                    .filter(line -> line.startsWith("VmHWM:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .sum();
        } catch (NoSuchFileException e) {
            return 0;
        }
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
