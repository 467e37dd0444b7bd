package io.flinkgpt2.cli.common;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** How many slots a cluster has, or a job takes. */
public final class Slots {

    private static final int MOST = 1024;

    private Slots() {}

    /** Returns the number given by {@code --parallelism}, or one slot for each processor. */
    public static int orDefault(CommandLine command, Integer parallelism) {
        return orDefault(command, parallelism, "--parallelism");
    }

    /** Returns the number given by an option, or one slot for each processor. */
    public static int orDefault(CommandLine command, Integer slots, String option) {
        return orElse(command, slots, option, Runtime.getRuntime().availableProcessors());
    }

    /** Returns the number given by an option, or another number. */
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
