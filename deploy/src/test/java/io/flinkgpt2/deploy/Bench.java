package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The command {@code bench}: the engine alone, in a process of its own.
 *
 * @param repeats measured runs, of which the median counts
 * @param streams sequences of each engine
 */
record Bench(Path model, String precision, int repeats, int streams) {

    /** Returns the generated tokens a second over the whole of a run, with so many engines side by side. */
    double tokensPerSecond(int engines, int promptTokens, int newTokens) throws IOException, InterruptedException {
        return run(engines, promptTokens, newTokens)
                .at("/runs/0/tokens_per_second")
                .doubleValue();
    }

    /** Returns the result as the command writes it for machines. */
    JsonNode run(int engines, int promptTokens, int newTokens) throws IOException, InterruptedException {
        Command command = Command.launcher("bench", "--model", model.toString(), "--precision", precision)
                .with("--prompt-tokens", "" + promptTokens, "--new-tokens", "" + newTokens, "--output", "json")
                .with("--streams", "" + streams, "--repeats", "" + repeats, "--engines", "" + engines);
        Run bench;
        try (Running running = command.start()) {
            bench = running.await(JobRuns.PATIENCE);
        }
        if (bench.exitCode() != 0) {
            throw new IllegalStateException("'bench' ended with " + bench.exitCode() + ": " + bench.err());
        }
        return bench.json().get(0);
    }
}
