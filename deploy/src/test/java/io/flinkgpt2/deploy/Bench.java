package io.flinkgpt2.deploy;

import java.io.IOException;
import java.nio.file.Path;

/** The command {@code bench}: the engine alone, in a process of its own. */
final class Bench {

    private Bench() {}

    /** Returns the generated tokens a second over the whole of one run, with so many engines side by side. */
    static double tokensPerSecond(Path model, int engines, int streams, int promptTokens, int newTokens)
            throws IOException, InterruptedException {
        Command command = Command.launcher("bench", "--model", model.toString(), "--repeats", "1", "--output", "json")
                .with("--streams", "" + streams)
                .with("--engines", "" + engines)
                .with("--prompt-tokens", "" + promptTokens)
                .with("--new-tokens", "" + newTokens);
        Run bench;
        try (Running running = command.start()) {
            bench = running.await(JobRuns.PATIENCE);
        }
        if (bench.exitCode() != 0) {
            throw new IllegalStateException("'bench' ended with " + bench.exitCode() + ": " + bench.err());
        }
        return bench.json()
                .get(0)
                .path("runs")
                .path(0)
                .path("tokens_per_second")
                .doubleValue();
    }
}
