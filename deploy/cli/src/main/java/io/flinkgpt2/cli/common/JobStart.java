package io.flinkgpt2.cli.common;

import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.job.InvalidOptionException;
import io.flinkgpt2.job.JobOptions;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.InvalidRequestException;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;

/** Checks and defaults of options, for commands that start a cluster or a job. */
public final class JobStart {

    private JobStart() {}

    /** Refuses a number that is not a port; 0 stands for any that is free. */
    public static void requirePort(String option, int port) {
        if (port < 0 || port > 65_535) {
            throw new InvalidOptionException(option, String.valueOf(port), "1..65535, or 0 for any that is free");
        }
    }

    /**
     * Finds now what a task would find only when it is opened, and then again and again as it is restarted.
     *
     * @param maxContext the most tokens of prompt and completion together, or null for what the model has
     * @throws InvalidOptionException if the model sees less than {@code maxContext} tokens
     * @throws IOException if there is no model, or its configuration or tokenizer cannot be read
     */
    public static void requireModel(Path model, Integer maxContext) throws IOException {
        Pretrained.openTokenizer(model);
        Gpt2Config config = Pretrained.openConfig(model);
        if (maxContext != null && maxContext > config.contextLength()) {
            throw new InvalidOptionException(
                    JobOptions.GENERATION_MAX_CONTEXT.key(),
                    String.valueOf(maxContext),
                    "1.." + config.contextLength() + ", the n_positions of the model");
        }
    }

    /**
     * Judges the fields that requests get where they lack them, which else would make a dead letter of each request.
     *
     * @throws InvalidOptionException if one has no valid value, or they contradict each other
     * @throws IOException if there is no model, or its configuration or tokenizer cannot be read
     */
    public static void requireRequestFields(Path model, GenerationSettings settings) throws IOException {
        Gpt2Config config = Pretrained.openConfig(model);
        PromptLimits limits = new PromptLimits(config, settings.maxContext(config));
        RequestParser parser = new RequestParser(
                Pretrained.openTokenizer(model),
                limits,
                Set.of(RequestParser.ANY_MODEL),
                settings.unknownFields(),
                AnswerLimits.none(),
                settings.defaults(),
                constraint -> {});
        byte[] request = "{\"prompt\":[0]}".getBytes(StandardCharsets.UTF_8);
        try {
            parser.parse(new PromptRecord(new RecordSource("start", 0, 0, 0), null, request, null), 0);
        } catch (InvalidRequestException e) {
            String field = e.error().param;
            throw new InvalidOptionException(
                    JobOptions.REQUEST_PREFIX + (field == null ? "*" : field),
                    "a value that no request can have (" + e.error().message + ")",
                    "one that docs/request-fields.md allows",
                    e);
        }
    }

    /**
     * Lets a job fail that goes on failing, after three restarts within a minute. Where somebody looks on, that is to be told, not
     * tried for ever, as is Flink's way.
     */
    public static void limitRestarts(Configuration configuration) {
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "failure-rate");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_MAX_FAILURES_PER_INTERVAL, 3);
        configuration.set(
                RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_FAILURE_RATE_INTERVAL, Duration.ofMinutes(1));
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FAILURE_RATE_DELAY, Duration.ofMillis(500));
    }

    /** Sets an option unless the user has set it. */
    public static <T> void setDefault(Configuration options, ConfigOption<T> option, T value) {
        if (!options.contains(option)) {
            options.set(option, value);
        }
    }
}
