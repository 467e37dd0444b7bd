package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.files.FileSettings;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Counts the answers of a run while it runs, by what is written to its parts. Written is not yet committed: after a failure the count
 * may go back a little.
 */
final class AnswerCount {

    /** The name of a part that is being written begins with a dot and goes on as that of the part will. */
    private static final Pattern NAME = Pattern.compile("\\.?(.*?\\.jsonl)(\\.inprogress\\..*)?");

    private static final Pattern TOKENS = Pattern.compile("\"completion_tokens\":(\\d{1,9})");
    private static final int BUFFER = 1 << 16;

    /** The counts of one part. */
    private static final class Part {
        private long read;
        private long lines;
        private long tokens;
        private String tail = "";
    }

    private final Path parts;
    private final Map<String, Part> answers = new HashMap<>();
    private final Map<String, Part> deadLetters = new HashMap<>();

    /** Parts that an earlier process was writing when it died, by their sizes: the job may go on with them, or leave them. */
    private final Map<Path, Long> leftOver = new HashMap<>();

    /** @param parts the directory that the job writes to, and has not begun to */
    AnswerCount(Path parts) throws IOException {
        this.parts = parts;
        for (String kind : List.of(FileSettings.COMPLETIONS, FileSettings.DEAD_LETTERS)) {
            for (Path file : PartFiles.list(parts.resolve(kind))) {
                if (file.getFileName().toString().startsWith(".")) {
                    leftOver.put(file, Files.size(file));
                }
            }
        }
    }

    /** Reads what was written since the last time. */
    void update() throws IOException {
        update(parts.resolve(FileSettings.COMPLETIONS), answers);
        update(parts.resolve(FileSettings.DEAD_LETTERS), deadLetters);
    }

    private void update(Path directory, Map<String, Part> counted) throws IOException {
        List<Path> files;
        try {
            files = PartFiles.list(directory);
        } catch (NoSuchFileException e) {
            return;
        }
        for (Path file : files) {
            Matcher name = NAME.matcher(file.getFileName().toString());
            if (name.matches()) {
                try {
                    if (isLeftOver(file)) {
                        continue;
                    }
                    readOn(file, counted.computeIfAbsent(name.group(1), part -> new Part()));
                } catch (NoSuchFileException | java.io.FileNotFoundException e) {
                    // It has its final name by now; the next look finds it.
                }
            }
        }
    }

    private boolean isLeftOver(Path file) throws IOException {
        Long size = leftOver.get(file);
        if (size == null) {
            return false;
        }
        if (size == Files.size(file)) {
            return true;
        }
        leftOver.remove(file);
        return false;
    }

    private static void readOn(Path file, Part part) throws IOException {
        long length = Files.size(file);
        if (length < part.read) {
            // Cut back to where it was when the job's last checkpoint was taken.
            part.read = 0;
            part.lines = 0;
            part.tokens = 0;
            part.tail = "";
        }
        if (length == part.read) {
            return;
        }
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(part.read);
            byte[] buffer = new byte[BUFFER];
            int count;
            while ((count = in.read(buffer)) > 0) {
                part.read += count;
                add(part, new String(buffer, 0, count, java.nio.charset.StandardCharsets.ISO_8859_1));
            }
        }
    }

    private static void add(Part part, String text) {
        String all = part.tail + text;
        int lastLine = all.lastIndexOf('\n') + 1;
        Matcher tokens = TOKENS.matcher(all).region(0, lastLine);
        while (tokens.find()) {
            part.tokens += Long.parseLong(tokens.group(1));
        }
        for (int i = all.indexOf('\n'); i >= 0; i = all.indexOf('\n', i + 1)) {
            part.lines++;
        }
        part.tail = all.substring(lastLine);
    }

    /** Returns the number of answers, those with an error included. */
    long answered() {
        return answers.values().stream().mapToLong(part -> part.lines).sum();
    }

    /** Returns the number of dead letters. */
    long refused() {
        return deadLetters.values().stream().mapToLong(part -> part.lines).sum();
    }

    /** Returns the number of generated tokens of all answers. */
    long tokens() {
        return answers.values().stream().mapToLong(part -> part.tokens).sum();
    }
}
