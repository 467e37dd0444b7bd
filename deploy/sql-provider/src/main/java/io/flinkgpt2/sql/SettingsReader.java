package io.flinkgpt2.sql;

import io.flinkgpt2.model.ActivationNames;
import io.flinkgpt2.sql.ProviderSettings.Generation;
import io.flinkgpt2.sql.ProviderSettings.Limits;
import io.flinkgpt2.tensor.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/** Reads the options of {@code CREATE MODEL}, with a message for each value that an option cannot have. */
final class SettingsReader {

    private final Configuration options;

    private SettingsReader(Configuration options) {
        this.options = options;
    }

    /**
     * @param options of the model, known ones only
     * @param sessionModel the model where the options name none, or null
     * @throws IllegalArgumentException if a value is missing or wrong; names the option, what was found and what was expected
     */
    static ProviderSettings read(Configuration options, String sessionModel, ModelColumns columns) {
        return new SettingsReader(options).read(sessionModel, columns);
    }

    private ProviderSettings read(String sessionModel, ModelColumns columns) {
        ProviderSettings settings = new ProviderSettings(
                model(sessionModel),
                value(Gpt2Options.PRECISION),
                activation(),
                generation(),
                limits(),
                value(Gpt2Options.CONTEXT_OVERFLOW_ACTION),
                value(Gpt2Options.ERROR_HANDLING_STRATEGY),
                columns);
        requireRanges(settings);
        return settings;
    }

    private String model(String sessionModel) {
        String model = options.getOptional(Gpt2Options.MODEL).orElse(sessionModel);
        if (model == null || model.isBlank()) {
            throw new IllegalArgumentException(
                    "model: found none, expected the path or name of a model; give the option 'model', or SET '"
                            + Gpt2Options.SESSION_MODEL.key() + "'");
        }
        return model;
    }

    private Activation activation() {
        String name = value(Gpt2Options.ACTIVATION);
        if (name == null) {
            return null;
        }
        return ActivationNames.find(name)
                .orElseThrow(() -> refused(Gpt2Options.ACTIVATION, name, "one of " + ActivationNames.all()));
    }

    private Generation generation() {
        return new Generation(
                atLeast(1, Gpt2Options.MAX_TOKENS),
                atLeast(0, Gpt2Options.MIN_TOKENS),
                value(Gpt2Options.TEMPERATURE),
                atLeast(0, Gpt2Options.TOP_K),
                value(Gpt2Options.TOP_P),
                value(Gpt2Options.MIN_P),
                value(Gpt2Options.PRESENCE_PENALTY),
                value(Gpt2Options.FREQUENCY_PENALTY),
                value(Gpt2Options.REPETITION_PENALTY),
                stop(),
                value(Gpt2Options.SEED),
                value(Gpt2Options.N),
                value(Gpt2Options.ALLOW_SPECIAL_TOKENS));
    }

    private List<String> stop() {
        String csv = value(Gpt2Options.STOP);
        try {
            return csv == null ? List.of() : StopList.parse(csv);
        } catch (IllegalArgumentException e) {
            throw refused(Gpt2Options.STOP, e.getMessage(), "texts separated by commas, or in double quotes", e);
        }
    }

    private Limits limits() {
        MemorySize kvCache = value(Gpt2Options.KV_CACHE_SIZE);
        if (kvCache != null && kvCache.getBytes() < 1) {
            throw refused(Gpt2Options.KV_CACHE_SIZE, given(Gpt2Options.KV_CACHE_SIZE), "1 byte or more");
        }
        return new Limits(
                value(Gpt2Options.MAX_CONTEXT_SIZE) == null ? null : (Integer) atLeast(1, Gpt2Options.MAX_CONTEXT_SIZE),
                atLeast(1, Gpt2Options.BATCH_SIZE),
                atLeast(1, Gpt2Options.PREFILL_CHUNK),
                kvCache == null ? null : (Long) kvCache.getBytes());
    }

    /** Lets model-core judge the parameters, whose ranges it knows, in the words of these options. */
    private static void requireRanges(ProviderSettings settings) {
        try {
            settings.parameters(0);
        } catch (IllegalArgumentException e) {
            String message = e.getMessage();
            for (ConfigOption<?> option : Gpt2Options.all()) {
                message = message.replace(option.key().replace('-', '_'), option.key());
            }
            throw new IllegalArgumentException(message.replace(" of the request", ""), e);
        }
    }

    private int atLeast(int least, ConfigOption<Integer> option) {
        int value = value(option);
        if (value < least) {
            throw refused(option, String.valueOf(value), least + " or more");
        }
        return value;
    }

    /** Returns the value of an option or its default; null if it has neither. */
    private <T> T value(ConfigOption<T> option) {
        try {
            return options.get(option);
        } catch (IllegalArgumentException e) {
            throw refused(option, given(option), expected(option), e);
        }
    }

    private String given(ConfigOption<?> option) {
        return options.toMap().get(option.key());
    }

    private static String expected(ConfigOption<?> option) {
        Object value = option.defaultValue();
        if (value instanceof Enum<?> constant) {
            return "one of "
                    + Arrays.stream(constant.getDeclaringClass().getEnumConstants())
                            .map(each -> each.toString().toLowerCase(Locale.ROOT))
                            .toList();
        }
        if (value instanceof Boolean) {
            return "true or false";
        }
        if (option.equals(Gpt2Options.KV_CACHE_SIZE)) {
            return "a size such as 512mb";
        }
        return value instanceof Double ? "a number" : "an integer";
    }

    private static IllegalArgumentException refused(ConfigOption<?> option, String found, String expected) {
        return refused(option, found, expected, null);
    }

    private static IllegalArgumentException refused(
            ConfigOption<?> option, String found, String expected, Exception cause) {
        return new IllegalArgumentException(option.key() + ": found '" + found + "', expected " + expected, cause);
    }
}
