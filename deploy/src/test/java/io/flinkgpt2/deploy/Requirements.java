package io.flinkgpt2.deploy;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** What was required and what was reached, as a table in Markdown. */
final class Requirements {

    private final List<String> rows = new ArrayList<>();
    private boolean met = true;

    void atLeast(String what, double required, double reached) {
        judge(what, "≥ " + number(required), number(reached), reached >= required);
    }

    void atMost(String what, double required, double reached) {
        judge(what, "≤ " + number(required), number(reached), reached <= required);
    }

    void exactly(String what, long required, long reached) {
        judge(what, Long.toString(required), Long.toString(reached), reached == required);
    }

    void judge(String what, String required, String reached, boolean holds) {
        met &= holds;
        row(what, required, reached, holds ? "met" : "**missed**");
    }

    /** A figure of which nothing is required. */
    void shown(String what, double value) {
        shown(what, number(value));
    }

    void shown(String what, String value) {
        row(what, "", value, "");
    }

    private void row(String what, String required, String reached, String verdict) {
        rows.add("| " + what + " | " + required + " | " + reached + " | " + verdict + " |");
    }

    private static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return String.format(Locale.ROOT, "%.0f", value);
        }
        return String.format(Locale.ROOT, Math.abs(value) < 100 ? "%.3f" : "%.1f", value);
    }

    /** Prints the table; 0 if all was met, else 1. */
    int print(PrintStream out) {
        out.println();
        out.println("| | required | reached | |");
        out.println("|---|---|---|---|");
        rows.forEach(out::println);
        out.flush();
        return met ? 0 : 1;
    }
}
