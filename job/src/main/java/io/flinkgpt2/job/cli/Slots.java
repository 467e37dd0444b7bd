package io.flinkgpt2.job.cli;

import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** How many slots a local cluster has. */
final class Slots {

    private static final int MOST = 1024;

    private Slots() {}

    /** What was asked for, or one for each processor. */
    static int orDefault(CommandLine command, Integer parallelism) {
        if (parallelism == null) {
            return Runtime.getRuntime().availableProcessors();
        }
        if (parallelism < 1 || parallelism > MOST) {
            throw new ParameterException(command, "--parallelism: found " + parallelism + ", expected 1.." + MOST);
        }
        return parallelism;
    }
}
