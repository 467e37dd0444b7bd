package io.flinkgpt2.cli.common;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Help.Ansi;

/**
 * Says what a command starts, step by step: on a terminal a line for each step, which gets a tick and the time that the step
 * took; elsewhere a plain line when a step begins and one when it is done.
 */
public final class Steps {

    /** Set by the launcher to true where standard error is a terminal that shows more than ASCII. */
    private static final String UNICODE_PROPERTY = "flink-gpt2.unicode";

    /** Returns to the start of the line and clears it. */
    private static final String ANEW = "\r\u001b[K";

    private final PrintWriter err;
    private final PrintStream terminal;
    private final String tick;
    private final String cross;

    /** @param err takes the lines where there is no terminal */
    public Steps(PrintWriter err) {
        this(
                err,
                Boolean.getBoolean(Progress.TERMINAL_PROPERTY)
                        ? new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8)
                        : null,
                Boolean.getBoolean(UNICODE_PROPERTY),
                Ansi.AUTO);
    }

    /**
     * @param terminal takes control characters, which {@link PrintableOutput} does not let pass; null: there is none
     * @param unicode whether the terminal shows more than ASCII
     */
    Steps(PrintWriter err, PrintStream terminal, boolean unicode, Ansi ansi) {
        this.err = err;
        this.terminal = terminal;
        this.tick = terminal == null ? "[ok]" : ansi.string("@|green " + (unicode ? "✓" : "[ok]") + "|@");
        this.cross = terminal == null ? "[failed]" : ansi.string("@|red " + (unicode ? "✗" : "[failed]") + "|@");
    }

    /**
     * Takes a step.
     *
     * @param doing what begins, such as "Starting Kafka"
     * @param done returns what there is then, such as "Kafka at localhost:9092"
     */
    public <T> T run(String doing, Function<T, String> done, Callable<T> step) throws Exception {
        long start = System.nanoTime();
        if (terminal == null) {
            err.println(doing + "...");
            err.flush();
        } else {
            err.flush();
            terminal.print("  " + Printable.line(doing) + "...");
            terminal.flush();
        }
        boolean succeeded = false;
        try {
            T result = step.call();
            end(tick, done.apply(result), start);
            succeeded = true;
            return result;
        } finally {
            if (!succeeded) {
                end(cross, doing, start);
            }
        }
    }

    private void end(String mark, String what, long start) {
        String line = String.format(
                Locale.ROOT, "%s %s (%.1f s)", mark, Printable.line(what), (System.nanoTime() - start) * 1e-9);
        if (terminal == null) {
            err.println(line);
            err.flush();
        } else {
            terminal.println(ANEW + line);
        }
    }
}
