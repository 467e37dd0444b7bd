package io.flinkgpt2.sql;

import io.flinkgpt2.tensor.Precision;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.MemorySize;

/**
 * The options of {@code CREATE MODEL}. Those that Flink's provider {@code openai} has too are named as there; defaults are
 * those of the job's requests and options.
 */
final class Gpt2Options {

    /** Option of the session: the model where {@code CREATE MODEL} names none. */
    static final ConfigOption<String> SESSION_MODEL = ConfigOptions.key("gpt2.model")
            .stringType()
            .noDefaultValue()
            .withDescription("The model of models that name none, as the option model has it.");

    static final ConfigOption<String> MODEL = ConfigOptions.key("model")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "Directory of the model, at the same path on every TaskManager; or a single weights file (GGUF,"
                            + " nanoGPT, llm.c); or the name of a model on the hub (gpt2, owner/name[@revision]). Default: the"
                            + " session's gpt2.model.");

    static final ConfigOption<Precision> PRECISION = ConfigOptions.key("precision")
            .enumType(Precision.class)
            .defaultValue(Precision.F32)
            .withDescription("How the weight matrices are kept in memory: f32, bf16 or int8.");

    static final ConfigOption<String> ACTIVATION = ConfigOptions.key("activation")
            .stringType()
            .noDefaultValue()
            .withDescription("Replaces the activation function of the model's config.");

    static final ConfigOption<Integer> MAX_TOKENS = ConfigOptions.key("max-tokens")
            .intType()
            .defaultValue(16)
            .withDescription("Maximum number of tokens to generate, 1 or more.");

    static final ConfigOption<Integer> MIN_TOKENS = ConfigOptions.key("min-tokens")
            .intType()
            .defaultValue(0)
            .withDescription("Number of tokens before which neither end of text nor a stop ends the generation.");

    static final ConfigOption<Double> TEMPERATURE = ConfigOptions.key("temperature")
            .doubleType()
            .defaultValue(1.0)
            .withDescription("Divisor of the logits, 0 or more; 0 always takes the best token.");

    static final ConfigOption<Double> TOP_P = ConfigOptions.key("top-p")
            .doubleType()
            .defaultValue(1.0)
            .withDescription("Only the best tokens that together reach this probability take part.");

    static final ConfigOption<Integer> TOP_K = ConfigOptions.key("top-k")
            .intType()
            .defaultValue(0)
            .withDescription("Only so many of the best tokens take part; 0: all.");

    static final ConfigOption<Double> MIN_P = ConfigOptions.key("min-p")
            .doubleType()
            .defaultValue(0.0)
            .withDescription("Only tokens take part whose probability is at least this share of the best one's.");

    static final ConfigOption<Double> PRESENCE_PENALTY = ConfigOptions.key("presence-penalty")
            .doubleType()
            .defaultValue(0.0)
            .withDescription("Taken off the logit of each token that was generated before, -2..2.");

    static final ConfigOption<Double> FREQUENCY_PENALTY = ConfigOptions.key("frequency-penalty")
            .doubleType()
            .defaultValue(0.0)
            .withDescription("Taken off the logit of a token for each time that it was generated before, -2..2.");

    static final ConfigOption<Double> REPETITION_PENALTY = ConfigOptions.key("repetition-penalty")
            .doubleType()
            .defaultValue(1.0)
            .withDescription(
                    "Divides the positive logits of tokens seen before and multiplies negative ones; above 0.");

    static final ConfigOption<String> STOP = ConfigOptions.key("stop")
            .stringType()
            .noDefaultValue()
            .withDescription(
                    "Texts that end a completion, at most 16: separated by commas, one in double quotes may hold"
                            + " commas.");

    static final ConfigOption<Long> SEED = ConfigOptions.key("seed")
            .longType()
            .noDefaultValue()
            .withDescription("Seed of the random numbers of every row. Unless given: see the input columns.");

    static final ConfigOption<Integer> N = ConfigOptions.key("n")
            .intType()
            .defaultValue(1)
            .withDescription("Number of completions of each prompt, each a row of its own, 1..128.");

    static final ConfigOption<Boolean> ALLOW_SPECIAL_TOKENS = ConfigOptions.key("allow-special-tokens")
            .booleanType()
            .defaultValue(false)
            .withDescription(
                    "Whether text of a prompt that spells a special token, such as <|endoftext|>, is that token.");

    static final ConfigOption<Integer> MAX_CONTEXT_SIZE = ConfigOptions.key("max-context-size")
            .intType()
            .noDefaultValue()
            .withDescription(
                    "Maximum number of tokens of prompt and completion together; at most the model's n_positions, which"
                            + " it is unless given.");

    static final ConfigOption<ContextOverflow> CONTEXT_OVERFLOW_ACTION = ConfigOptions.key("context-overflow-action")
            .enumType(ContextOverflow.class)
            .defaultValue(ContextOverflow.ERROR)
            .withDescription("What becomes of a prompt that does not fit max-context-size.");

    static final ConfigOption<ErrorHandling> ERROR_HANDLING_STRATEGY = ConfigOptions.key("error-handling-strategy")
            .enumType(ErrorHandling.class)
            .defaultValue(ErrorHandling.NULL)
            .withDescription("What becomes of a row that cannot be completed.");

    static final ConfigOption<Integer> BATCH_SIZE = ConfigOptions.key("batch-size")
            .intType()
            .defaultValue(32)
            .withDescription("Maximum number of completions that a subtask computes together, 1 or more.");

    static final ConfigOption<Integer> PREFILL_CHUNK = ConfigOptions.key("prefill-chunk")
            .intType()
            .defaultValue(128)
            .withDescription("Maximum number of prompt tokens of one pass through the model, 1 or more.");

    static final ConfigOption<MemorySize> KV_CACHE_SIZE = ConfigOptions.key("kv-cache-size")
            .memoryType()
            .noDefaultValue()
            .withDescription(
                    "Maximum memory of a subtask's KV cache, such as 512mb. Unless given, what batch-size prompts of"
                            + " max-context-size need, but at most a share of the heap.");

    private static final List<ConfigOption<?>> ALL = List.of(
            MODEL,
            PRECISION,
            ACTIVATION,
            MAX_TOKENS,
            MIN_TOKENS,
            TEMPERATURE,
            TOP_P,
            TOP_K,
            MIN_P,
            PRESENCE_PENALTY,
            FREQUENCY_PENALTY,
            REPETITION_PENALTY,
            STOP,
            SEED,
            N,
            ALLOW_SPECIAL_TOKENS,
            MAX_CONTEXT_SIZE,
            CONTEXT_OVERFLOW_ACTION,
            ERROR_HANDLING_STRATEGY,
            BATCH_SIZE,
            PREFILL_CHUNK,
            KV_CACHE_SIZE);

    private Gpt2Options() {}

    /** Returns the options of {@code CREATE MODEL}, none of which is required. */
    static Set<ConfigOption<?>> all() {
        return new LinkedHashSet<>(ALL);
    }
}
