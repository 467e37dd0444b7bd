package io.flinkgpt2.benchmark;

import io.flinkgpt2.pretrained.LoadOptions;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Opening a model whose files are in the page cache. */
public final class LoadScenario {

    private static final int PIECE = 1 << 20;

    private LoadScenario() {}

    /**
     * How long it took.
     *
     * @param fileBytes bytes of the model's files
     * @param firstSeconds the first time in this process, in a JVM that has compiled nothing of it
     * @param medianSeconds the median of the times after that; that of the first if there are none
     */
    public record Result(long fileBytes, double firstSeconds, double medianSeconds) {}

    /**
     * Reads the files once, so that they are in the page cache, then opens the model once and {@code repeats} times more.
     *
     * @param repeats 0 or more
     */
    public static Result run(Path directoryOrFile, LoadOptions options, int repeats) throws IOException {
        long bytes = 0;
        for (Path file : files(directoryOrFile)) {
            bytes += read(file);
        }
        double first = open(directoryOrFile, options);
        double[] seconds = new double[repeats];
        for (int i = 0; i < repeats; i++) {
            seconds[i] = open(directoryOrFile, options);
        }
        Arrays.sort(seconds);
        return new Result(bytes, first, repeats == 0 ? first : seconds[repeats / 2]);
    }

    private static List<Path> files(Path directoryOrFile) throws IOException {
        if (!Files.isDirectory(directoryOrFile)) {
            return List.of(directoryOrFile);
        }
        try (Stream<Path> files = Files.list(directoryOrFile)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    private static long read(Path file) throws IOException {
        byte[] piece = new byte[PIECE];
        long bytes = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int n = in.read(piece); n >= 0; n = in.read(piece)) {
                bytes += n;
            }
        }
        return bytes;
    }

    private static double open(Path directoryOrFile, LoadOptions options) throws IOException {
        long start = System.nanoTime();
        Pretrained.open(directoryOrFile, options);
        return (System.nanoTime() - start) * 1e-9;
    }
}
