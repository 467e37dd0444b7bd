package io.flinkgpt2.cli.batch;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.AnswerWriters;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.PromptFiles;
import io.flinkgpt2.job.files.ReadOptions;
import java.io.BufferedOutputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The merge by itself, of answers in no order; see deploy/test/merge-millions. */
final class MergeMillions {

    private static final int PARTS = 8;

    private MergeMillions() {}

    /** @param args an empty directory; the number of answers */
    public static void main(String[] args) throws IOException {
        Path directory = Path.of(args[0]);
        int count = Integer.parseInt(args[1]);
        Path in = directory.resolve("in.txt");
        long[] offsets = new long[count];
        long offset = 0;
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(in))) {
            for (int i = 0; i < count; i++) {
                byte[] line = ("prompt " + i + "\n").getBytes(UTF_8);
                offsets[i] = offset;
                offset += line.length;
                out.write(line);
            }
        }
        List<Path> parts = new ArrayList<>();
        long step = 7_368_787; // a prime: goes through all of them, far from their order
        for (int part = 0; part < PARTS; part++) {
            Path file = directory.resolve("part-" + part);
            parts.add(file);
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
                for (long i = part; i < count; i += PARTS) {
                    int number = (int) (i * step % count);
                    out.write(String.format(
                                    Locale.ROOT,
                                    "{\"id\":\"cmpl-%024x\",\"custom_id\":\"in.txt-%d\",\"object\":\"text_completion\","
                                            + "\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"text\":\" answer %d of"
                                            + " some forty characters or so, as short ones are\",\"finish_reason\":\"length\"}],"
                                            + "\"usage\":{\"completion_tokens\":16},\"source\":{\"topic\":\"in.txt\","
                                            + "\"partition\":0,\"offset\":%d,\"timestamp\":1},\"metadata\":{},\"error\":null}%n",
                                    number,
                                    offsets[number],
                                    number,
                                    offsets[number])
                            .getBytes(UTF_8));
                }
            }
        }
        offsets = null;
        Path text = directory.resolve("out.txt");
        long start = System.nanoTime();
        Merge.Counts counts;
        try (AnswerWriter writer = AnswerWriters.open(
                        FileFormat.TEXT, new BufferedOutputStream(Files.newOutputStream(text)), List.of(), null);
                ErrorFile errors = new ErrorFile(directory.resolve("errors"), 0)) {
            counts = new Merge(
                            new FileReaders(ReadOptions.defaults()),
                            PromptFiles.find(List.of(in.toString()), null).list(),
                            parts)
                    .write(writer, errors, Files.createDirectory(directory.resolve("sort")));
        }
        double seconds = (System.nanoTime() - start) * 1e-9;
        try (BufferedReader lines = Files.newBufferedReader(text)) {
            for (int i = 0; i < count; i++) {
                String line = lines.readLine();
                if (line == null || !line.startsWith(" answer " + i + " ")) {
                    throw new IllegalStateException("line " + i + ": found '" + line + "'");
                }
            }
            if (lines.readLine() != null) {
                throw new IllegalStateException("found more than " + count + " lines");
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%d answers merged in %.1f s with at most %d MB of heap; all in order%n",
                counts.answered(),
                seconds,
                Runtime.getRuntime().maxMemory() >> 20);
    }
}
