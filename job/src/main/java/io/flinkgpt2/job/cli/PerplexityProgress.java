package io.flinkgpt2.job.cli;

import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;

/** Shows how much of a text is measured: a bar on a terminal, elsewhere a line for each tenth. */
final class PerplexityProgress implements AutoCloseable {

    private final PrintWriter err;
    private ProgressBar bar;
    private int tokens;
    private long shownTenth;

    PerplexityProgress(PrintWriter err) {
        this.err = err;
    }

    void begin(int total) {
        tokens = total;
        if (Boolean.getBoolean(Progress.TERMINAL_PROPERTY)) {
            bar = Progress.bar().setTaskName("perplexity").setInitialMax(total).build();
        }
    }

    void update(int done) {
        if (bar != null) {
            bar.stepTo(done);
            return;
        }
        long tenth = 10L * done / tokens;
        if (tenth > shownTenth) {
            shownTenth = tenth;
            err.printf(Locale.ROOT, "perplexity: %d of %d tokens%n", done, tokens);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
        err.flush();
    }
}
