package io.flinkgpt2.job.cli;

import io.flinkgpt2.hub.FetchProgress;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;

/** Shows how far a fetch is: a bar on a terminal, plain lines elsewhere; nothing where nothing is fetched. */
abstract class FetchBar implements FetchProgress, AutoCloseable {

    private static final long MEGABYTE = 1_000_000;

    static FetchBar on(PrintWriter err) {
        return Boolean.getBoolean(Progress.TERMINAL_PROPERTY) ? new Bar() : new Lines(err);
    }

    @Override
    public abstract void close();

    private static final class Bar extends FetchBar {

        private ProgressBar bar;

        @Override
        public void update(String file, long done, long total) {
            if (bar == null) {
                bar = Progress.bar()
                        .setTaskName("fetch")
                        .setUnit(" MB", MEGABYTE)
                        .showSpeed()
                        .build();
            }
            bar.maxHint(total);
            bar.stepTo(done);
            bar.setExtraMessage(" " + Printable.line(file));
        }

        @Override
        public void close() {
            if (bar != null) {
                bar.close();
            }
        }
    }

    /** A line for each file, and for each tenth of the model. */
    private static final class Lines extends FetchBar {

        private final PrintWriter err;
        private String shownFile;
        private long shownTenth;

        Lines(PrintWriter err) {
            this.err = err;
        }

        @Override
        public void update(String file, long done, long total) {
            long tenth = total == 0 ? 10 : done * 10 / total;
            if (file.equals(shownFile) && tenth == shownTenth) {
                return;
            }
            shownFile = file;
            shownTenth = tenth;
            err.printf(
                    Locale.ROOT,
                    "fetching %s: %.1f of %.1f MB%n",
                    Printable.line(file),
                    (double) done / MEGABYTE,
                    (double) total / MEGABYTE);
        }

        @Override
        public void close() {
            err.flush();
        }
    }
}
