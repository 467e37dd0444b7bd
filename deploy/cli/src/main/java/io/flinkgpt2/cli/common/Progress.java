package io.flinkgpt2.cli.common;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.UnaryOperator;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far one piece of work is: a bar on a terminal, plain lines elsewhere, and nothing before the first report. An
 * instance takes reports of one kind only.
 */
public final class Progress implements AutoCloseable {

    /** Set by the launcher to true where standard error is a terminal. */
    static final String TERMINAL_PROPERTY = "flink-gpt2.terminal";

    private static final long MEGABYTE = 1_000_000;

    private final boolean terminal = Boolean.getBoolean(TERMINAL_PROPERTY);
    private final long start = System.nanoTime();
    private final PrintWriter err;
    private ProgressBar bar;
    private String shownFile;
    private long shownStep;

    /** @param err takes the lines where there is no terminal */
    public Progress(PrintWriter err) {
        this.err = err;
    }

    /**
     * Shows how many prompts are answered, with the time left; without a terminal, a line for each change.
     *
     * @param tokensPerSecond since the start
     */
    public void prompts(int done, int total, double tokensPerSecond) {
        if (terminal) {
            bar(total, builder -> builder.setTaskName("prompts")).stepTo(done);
            bar.setExtraMessage(String.format(Locale.ROOT, " %.0f tokens/s", tokensPerSecond));
        } else if (isNew(null, done)) {
            double elapsed = (System.nanoTime() - start) * 1e-9;
            double left = elapsed / done * (total - done);
            print("prompts %d/%d, %.0f tokens/s, ETA %.0f s%n", done, total, tokensPerSecond, left);
        }
    }

    /** Returns whether there is a terminal, which may be told as often as one likes. */
    public boolean isTerminal() {
        return terminal;
    }

    /**
     * Shows how far a run over files is; without a terminal, a line for each call.
     *
     * @param done prompts with an answer or an error
     * @param total of prompts
     * @param exact whether {@code total} was counted; else it is estimated
     * @param errors among {@code done}
     * @param promptsPerSecond of this process
     */
    public void run(
            long done, long total, boolean exact, long errors, double tokensPerSecond, double promptsPerSecond) {
        String about = exact ? "" : "about ";
        if (terminal) {
            bar(total, builder -> builder.setTaskName("prompts")).stepTo(done);
            bar.setExtraMessage(String.format(
                    Locale.ROOT,
                    " %s%d errors, %.0f tokens/s",
                    exact ? "" : "total estimated, ",
                    errors,
                    tokensPerSecond));
        } else {
            String left = promptsPerSecond <= 0
                    ? "unknown"
                    : String.format(Locale.ROOT, "%s%.0f s", about, (total - done) / promptsPerSecond);
            print(
                    "prompts %d/%s%d, %d errors, %.0f tokens/s, ETA %s%n",
                    done, about, total, errors, tokensPerSecond, left);
        }
    }

    /** Shows how many requests were sent; without a terminal, a line for each tenth of the bytes. */
    public void sent(long requests, long bytes, long allBytes) {
        if (terminal) {
            bar(
                            allBytes,
                            builder -> builder.setTaskName("sent")
                                    .setUnit(" MB", MEGABYTE)
                                    .showSpeed())
                    .stepTo(bytes);
            bar.setExtraMessage(" " + requests + " requests");
        } else if (isNew(null, tenths(bytes, allBytes))) {
            print("%d requests sent, %.1f of %.1f MB%n", requests, megabytes(bytes), megabytes(allBytes));
        }
    }

    /** Shows how many records were received, where there is a terminal. */
    public void received(long records) {
        if (terminal) {
            bar(-1, builder -> builder.setTaskName("received")).stepTo(records);
        }
    }

    /** Shows how much of a text is measured; without a terminal, a line for each tenth. */
    public void perplexity(int done, int total) {
        if (terminal) {
            bar(total, builder -> builder.setTaskName("perplexity")).stepTo(done);
        } else if (isNew(null, tenths(done, total))) {
            print("perplexity: %d of %d tokens%n", done, total);
        }
    }

    /**
     * Shows how much of a model is fetched; without a terminal, a line for each file and for each tenth of the model.
     *
     * @param done bytes of all files
     * @param total bytes of all files; may grow
     */
    public void fetch(String file, long done, long total) {
        if (terminal) {
            bar(
                            total,
                            builder -> builder.setTaskName("fetch")
                                    .setUnit(" MB", MEGABYTE)
                                    .showSpeed())
                    .stepTo(done);
            bar.setExtraMessage(" " + Printable.line(file));
        } else if (isNew(file, tenths(done, total))) {
            print("fetching %s: %.1f of %.1f MB%n", Printable.line(file), megabytes(done), megabytes(total));
        }
    }

    /**
     * Returns the bar, begun if it is not there yet. It returns to the start of its line with a control character, so it goes
     * past {@link PrintableOutput}; nothing that others name may stand in it unchecked.
     */
    private ProgressBar bar(long total, UnaryOperator<ProgressBarBuilder> kind) {
        if (bar == null) {
            PrintStream stream =
                    new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
            bar = kind.apply(new ProgressBarBuilder())
                    .setConsumer(new ConsoleProgressBarConsumer(stream))
                    .setStyle(ProgressBarStyle.ASCII)
                    .setInitialMax(total)
                    .setUpdateIntervalMillis(200)
                    .build();
        }
        bar.maxHint(total);
        return bar;
    }

    /** Returns whether this is not what was reported last; step 0 without a file is the state before the first report. */
    private boolean isNew(String file, long step) {
        boolean shown = step == shownStep && (file == null || file.equals(shownFile));
        shownFile = file;
        shownStep = step;
        return !shown;
    }

    private static long tenths(long done, long total) {
        return total == 0 ? 10 : done * 10 / total;
    }

    private static double megabytes(long bytes) {
        return (double) bytes / MEGABYTE;
    }

    private void print(String format, Object... values) {
        err.printf(Locale.ROOT, format, values);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
        err.flush();
    }
}
