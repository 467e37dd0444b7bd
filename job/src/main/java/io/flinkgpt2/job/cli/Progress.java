package io.flinkgpt2.job.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far the work is: a bar with the time left on a terminal, plain lines elsewhere. */
abstract class Progress implements AutoCloseable {

    /** Set by the launcher to true where standard error is a terminal. */
    static final String TERMINAL_PROPERTY = "flink-gpt2.terminal";

    /**
     * Begins a bar on the terminal. It returns to the start of its line with a control character, so it goes past
     * {@link PrintableOutput}; nothing that others name may stand in it unchecked.
     */
    static ProgressBarBuilder bar() {
        PrintStream terminal = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        return new ProgressBarBuilder()
                .setConsumer(new ConsoleProgressBarConsumer(terminal))
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(200);
    }

    static Progress start(PrintWriter err, int prompts) {
        return Boolean.getBoolean(TERMINAL_PROPERTY) ? new Bar(prompts) : new Lines(err, prompts);
    }

    /**
     * @param done prompts answered
     * @param tokensPerSecond since the start
     */
    abstract void update(int done, double tokensPerSecond);

    @Override
    public abstract void close();

    private static final class Bar extends Progress {

        private final ProgressBar bar;

        Bar(int prompts) {
            bar = Progress.bar().setTaskName("prompts").setInitialMax(prompts).build();
        }

        @Override
        void update(int done, double tokensPerSecond) {
            bar.stepTo(done);
            bar.setExtraMessage(String.format(Locale.ROOT, " %.0f tokens/s", tokensPerSecond));
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private static final class Lines extends Progress {

        private final PrintWriter err;
        private final int prompts;
        private final long start = System.nanoTime();
        private int shown;

        Lines(PrintWriter err, int prompts) {
            this.err = err;
            this.prompts = prompts;
        }

        @Override
        void update(int done, double tokensPerSecond) {
            if (done == shown) {
                return;
            }
            shown = done;
            double elapsed = (System.nanoTime() - start) * 1e-9;
            err.printf(
                    Locale.ROOT,
                    "prompts %d/%d, %.0f tokens/s, ETA %.0f s%n",
                    done,
                    prompts,
                    tokensPerSecond,
                    elapsed / done * (prompts - done));
        }

        @Override
        public void close() {
            err.flush();
        }
    }
}
