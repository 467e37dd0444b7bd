package io.flinkgpt2.cli.batch;

import io.flinkgpt2.job.files.FileReaders;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.RecordReader;
import java.io.IOException;
import java.util.List;

/** Counts the prompts of a run on a thread of its own: all of them where there are not very many, else it estimates by bytes. */
final class PromptCount {

    /** Bytes of input after which the rest is estimated. */
    private static final long MOST_BYTES = 256L << 20;

    /** Long enough for millions of short prompts, short enough not to keep a core from generating. */
    private static final long MOST_NANOS = 20_000_000_000L;

    private final FileReaders readers;
    private final List<PromptFile> files;
    private volatile long total = -1;
    private volatile boolean exact;

    private PromptCount(FileReaders readers, List<PromptFile> files) {
        this.readers = readers;
        this.files = files;
    }

    static PromptCount start(FileReaders readers, List<PromptFile> files) {
        PromptCount count = new PromptCount(readers, files);
        Thread thread = new Thread(count::run, "count-prompts");
        thread.setDaemon(true);
        thread.setPriority(Thread.MIN_PRIORITY);
        thread.start();
        return count;
    }

    private void run() {
        long bytesOfAll = files.stream().mapToLong(PromptFile::length).sum();
        long deadline = System.nanoTime() + MOST_NANOS;
        long prompts = 0;
        long bytes = 0;
        try {
            for (PromptFile file : files) {
                long before = prompts;
                long position = 0;
                try (RecordReader reader = readers.open(file)) {
                    while (reader.next() != null) {
                        prompts++;
                        position = Math.min(reader.position(), file.length());
                        if ((prompts & 1023) == 0
                                && (bytes + position > MOST_BYTES || System.nanoTime() - deadline > 0)) {
                            total = estimate(prompts, bytes + position, bytesOfAll);
                            return;
                        }
                    }
                }
                bytes += file.length();
                if (prompts > before) {
                    total = estimate(prompts, bytes, bytesOfAll);
                }
            }
            total = prompts;
            exact = true;
        } catch (IOException | RuntimeException e) {
            // The job reads the same files, and says what is wrong with them.
        }
    }

    private static long estimate(long prompts, long bytes, long bytesOfAll) {
        return bytes == 0 ? prompts : Math.round((double) prompts * bytesOfAll / bytes);
    }

    /** Returns the number of prompts, counted or estimated so far; -1 as long as nothing is known. */
    long total() {
        return total;
    }

    /** Returns whether all prompts were counted. */
    boolean isExact() {
        return exact;
    }
}
