package io.flinkgpt2.cli.common;

import java.io.PrintStream;
import java.util.Arrays;

/** Lines for machines. */
public final class OutputLines {

    private OutputLines() {}

    /** Writes a line and its end at once, so that a process that is ended leaves no half of it. */
    public static void write(PrintStream out, byte[] line) {
        byte[] whole = Arrays.copyOf(line, line.length + 1);
        whole[line.length] = '\n';
        out.write(whole, 0, whole.length);
        out.flush();
    }
}
