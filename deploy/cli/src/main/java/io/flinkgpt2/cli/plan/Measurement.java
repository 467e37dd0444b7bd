package io.flinkgpt2.cli.plan;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.benchmark.EngineOptions;
import io.flinkgpt2.benchmark.EngineRun;
import io.flinkgpt2.benchmark.Workload;

/**
 * A run of the benchmark: engines side by side, each of which completes as many prompts as it has places.
 *
 * @param promptTokens of each prompt
 * @param newTokens of each prompt
 * @param streams prompts of each engine, all in flight together
 * @param engines side by side
 * @param seconds wall time
 * @param decodeSeconds time of the steps that only decode
 * @param decodeTokens tokens generated in those steps, by all engines
 */
record Measurement(
        int promptTokens,
        int newTokens,
        int streams,
        int engines,
        double seconds,
        double decodeSeconds,
        double decodeTokens) {

    static Measurement of(EngineOptions options, Workload workload, EngineRun run) {
        return new Measurement(
                workload.promptTokens(),
                workload.newTokens(),
                workload.streams(),
                options.engines(),
                run.seconds(),
                run.decodeSeconds(),
                run.decodeTokens());
    }

    /** Returns an element of {@code runs} in the JSON of {@code bench}. */
    static Measurement of(JsonNode run) {
        return new Measurement(
                run.path("prompt_tokens").asInt(),
                run.path("new_tokens").asInt(),
                run.path("streams").asInt(),
                run.path("engines").asInt(),
                run.path("seconds").asDouble(),
                run.path("decode_seconds").asDouble(),
                run.path("decode_tokens").asDouble());
    }

    /** Returns whether decoding alone was measured, which takes more than a few new tokens. */
    boolean isUsable() {
        return streams > 0 && engines > 0 && seconds > 0 && decodeSeconds > 0 && decodeTokens > 0;
    }

    /** Returns the seconds of a slot for a generated token while all sequences decode. */
    double secondsPerDecodedToken() {
        return decodeSeconds / (decodeTokens / engines);
    }

    /** Returns the mean number of positions that those tokens attend to: they are the last ones of each sequence. */
    double meanPositions() {
        double each = decodeTokens / engines / streams;
        return promptTokens + newTokens - 0.5 - each / 2;
    }

    /** Returns the seconds of a slot for a whole prompt. */
    double secondsPerPrompt() {
        return seconds / streams;
    }
}
