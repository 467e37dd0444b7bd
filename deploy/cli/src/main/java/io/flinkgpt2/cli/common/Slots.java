package io.flinkgpt2.cli.common;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** How many slots a cluster has, or a job takes. */
public final class Slots {

    private static final int MOST = 1024;

    private Slots() {}

    /** What was asked for by {@code --parallelism}, or one for each processor. */
    public static int orDefault(CommandLine command, Integer parallelism) {
        return orDefault(command, parallelism, "--parallelism");
    }

    /** What was asked for by an option, or one for each processor. */
    public static int orDefault(CommandLine command, Integer slots, String option) {
        return orElse(command, slots, option, Runtime.getRuntime().availableProcessors());
    }

    /** What was asked for by an option, or another number. */
    public static int orElse(CommandLine command, Integer slots, String option, int otherwise) {
        if (slots == null) {
            return otherwise;
        }
        if (slots < 1 || slots > MOST) {
            throw new ParameterException(command, option + ": found " + slots + ", expected 1.." + MOST);
        }
        return slots;
    }
}
