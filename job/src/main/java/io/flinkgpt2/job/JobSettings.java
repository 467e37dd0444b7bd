package io.flinkgpt2.job;

import io.flinkgpt2.hub.ModelHub;
import io.flinkgpt2.hub.ModelLocator;
import io.flinkgpt2.job.JobOptions.GenerationMode;
import io.flinkgpt2.job.files.FileSettings;
import io.flinkgpt2.job.files.ReadOptions;
import io.flinkgpt2.job.function.GenerationSettings;
import io.flinkgpt2.job.function.ModelSettings;
import io.flinkgpt2.job.function.PinnedModel;
import io.flinkgpt2.job.kafka.KafkaSettings;
import io.flinkgpt2.job.operator.BatchSettings;
import io.flinkgpt2.job.operator.Ordering;
import io.flinkgpt2.job.record.AnswerLimits;
import io.flinkgpt2.job.record.RequestDefaults;
import io.flinkgpt2.job.record.RequestFields;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.json.NearestName;
import io.flinkgpt2.model.ActivationNames;
import io.flinkgpt2.tensor.Activation;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;

/**
 * The checked options of a job; see {@link JobOptions} for each.
 *
 * @param jobName name of the job
 * @param kafka where prompts come from and answers go; null for a job on files, or between a source and sinks of its caller
 * @param files the same for a job on files, else null
 * @param ordering of the answers in the mode that batches
 * @param batch for the mode that batches
 */
public record JobSettings(
        String jobName,
        KafkaSettings kafka,
        FileSettings files,
        GenerationSettings generation,
        GenerationMode generationMode,
        Ordering ordering,
        BatchSettings batch,
        Duration checkpointInterval) {

    /** Properties of Kafka that the job sets itself, for exactly once depends on them. */
    private static final Set<String> OWN_KAFKA_PROPERTIES = Set.of(
            "isolation.level",
            "transactional.id",
            "transaction.two.phase.commit.enable",
            "enable.auto.commit",
            "commit.offsets.on.checkpoint",
            "auto.offset.reset",
            "enable.idempotence",
            "acks",
            "key.serializer",
            "value.serializer",
            "key.deserializer",
            "value.deserializer");

    private static final int LARGEST_RECORD = 1 << 30;
    private static final int LARGEST_BATCH = 1 << 16;
    private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(10);
    private static final Duration LONGEST_INTERVAL = Duration.ofDays(365);

    /**
     * Checks the options of a job between Kafka topics, or between files.
     *
     * @throws InvalidOptionException if one is missing or out of range, or two contradict each other; names them
     */
    public static JobSettings from(Configuration options) {
        boolean files =
                !get(options, JobOptions.SOURCE_FILES, null).isEmpty() || options.contains(JobOptions.SINK_FILES);
        if (files && options.contains(JobOptions.KAFKA_BOOTSTRAP_SERVERS)) {
            throw new InvalidOptionException(
                    JobOptions.KAFKA_BOOTSTRAP_SERVERS.key() + " and "
                            + (options.contains(JobOptions.SINK_FILES)
                                            ? JobOptions.SINK_FILES
                                            : JobOptions.SOURCE_FILES)
                                    .key(),
                    "both",
                    "topics alone, or files alone");
        }
        return files ? from(options, null, files(options)) : from(options, kafka(options), null);
    }

    /**
     * Checks the options of a job whose caller has a source and sinks of its own.
     *
     * @throws InvalidOptionException as {@link #from} does
     */
    public static JobSettings unconnected(Configuration options) {
        return from(options, null, null);
    }

    private static KafkaSettings kafka(Configuration options) {
        String jobName = required(options, JobOptions.JOB_NAME);
        return new KafkaSettings(
                jobName,
                required(options, JobOptions.KAFKA_BOOTSTRAP_SERVERS),
                named(options, JobOptions.KAFKA_GROUP_ID, jobName),
                topic(options, JobOptions.TOPICS_PROMPTS),
                topic(options, JobOptions.TOPICS_COMPLETIONS),
                topic(options, JobOptions.TOPICS_DEAD_LETTERS),
                get(options, JobOptions.SOURCE_START, null),
                get(options, JobOptions.SOURCE_BOUNDED, null),
                inRange(options, JobOptions.DEAD_LETTERS_MAX_BYTES, 0, LARGEST_RECORD),
                get(options, JobOptions.LOST_TRANSACTIONS, null),
                clientProperties(options));
    }

    private static FileSettings files(Configuration options) {
        List<String> inputs = get(options, JobOptions.SOURCE_FILES, null);
        if (inputs.isEmpty()) {
            throw new InvalidOptionException(
                    JobOptions.SOURCE_FILES.key(),
                    "nothing",
                    "files of prompts, for " + JobOptions.SINK_FILES.key() + " is given");
        }
        return new FileSettings(
                List.copyOf(inputs),
                get(options, JobOptions.SOURCE_FORMAT, null),
                new ReadOptions(
                        named(options, JobOptions.SOURCE_PROMPT_COLUMN, null),
                        get(options, JobOptions.SOURCE_SPLIT_ON, null)),
                required(options, JobOptions.SINK_FILES),
                inRange(options, JobOptions.DEAD_LETTERS_MAX_BYTES, 0, LARGEST_RECORD));
    }

    private static JobSettings from(Configuration options, KafkaSettings kafka, FileSettings files) {
        String jobName = required(options, JobOptions.JOB_NAME);
        String modelPath = required(options, JobOptions.MODEL_PATH);
        GenerationSettings generation = new GenerationSettings(
                jobName,
                new ModelSettings(
                        modelPath,
                        modelNames(options, modelPath),
                        get(options, JobOptions.MODEL_PRECISION, null),
                        activation(options)),
                maxContext(options),
                inRange(options, JobOptions.PREFILL_CHUNK, 1, 1 << 20),
                new RequestDefaults(
                        get(options, JobOptions.GENERATION_TRUNCATE_PROMPT, null),
                        get(options, JobOptions.GENERATION_ALLOW_SPECIAL_TOKENS, null),
                        requestFields(options)),
                get(options, JobOptions.RECORDS_UNKNOWN_FIELDS, null),
                get(options, JobOptions.RECORDS_ENVELOPE, null),
                new AnswerLimits(
                        inRange(options, JobOptions.RECORDS_MAX_COPIED_BYTES, 1024, LARGEST_RECORD),
                        Integer.MAX_VALUE));
        JobSettings settings = new JobSettings(
                jobName,
                kafka,
                files,
                generation,
                get(options, JobOptions.GENERATION_MODE, null),
                get(options, JobOptions.ORDERING, null),
                batch(options),
                checkpointInterval(options));
        OptionConflicts.refuse(settings);
        return settings;
    }

    private static <T> T get(Configuration options, ConfigOption<T> option, T otherwise) {
        try {
            T value = options.get(option);
            return value == null ? otherwise : value;
        } catch (IllegalArgumentException | ArithmeticException e) {
            String given = options.toMap().get(option.key());
            String hint = NearestName.hint(String.valueOf(given), words(option));
            throw new InvalidOptionException(option.key(), "'" + given + "'" + hint, expectation(option), e);
        }
    }

    /** Returns the words that an option takes; empty of one that takes other values. */
    private static List<String> words(ConfigOption<?> option) {
        return option.hasDefaultValue() && option.defaultValue() instanceof Enum<?> constant
                ? Arrays.stream(constant.getDeclaringClass().getEnumConstants())
                        .map(value -> value.toString().toLowerCase(Locale.ROOT))
                        .toList()
                : List.of();
    }

    private static String expectation(ConfigOption<?> option) {
        Object standard = option.hasDefaultValue() ? option.defaultValue() : "";
        if (standard instanceof Enum<?>) {
            return "one of " + words(option);
        }
        if (standard instanceof Duration) {
            return "a duration such as '10 s' or '500 ms'";
        }
        if (standard instanceof Boolean) {
            return "true or false";
        }
        if (option.equals(JobOptions.KV_CACHE_BYTES) || option.equals(JobOptions.PREFIX_CACHE_BYTES)) {
            return "a size such as '512mb' or '2gb'";
        }
        return standard instanceof Integer || option.equals(JobOptions.GENERATION_MAX_CONTEXT)
                ? "a whole number"
                : "text";
    }

    private static String required(Configuration options, ConfigOption<String> option) {
        String value = get(options, option, null);
        if (value == null || value.isBlank()) {
            throw new InvalidOptionException(option.key(), "nothing", "a value, for it is required");
        }
        return value.strip();
    }

    /** Returns a text that may be left out, but not empty. */
    private static String named(Configuration options, ConfigOption<String> option, String otherwise) {
        String value = get(options, option, otherwise).strip();
        if (value.isEmpty()) {
            throw new InvalidOptionException(option.key(), "nothing", "a name, or to leave the option out");
        }
        return value;
    }

    /** Kafka's own rule for topics, so that a slip is named here and not by a broker. */
    private static String topic(Configuration options, ConfigOption<String> option) {
        String value = required(options, option);
        if (!value.matches("[A-Za-z0-9._-]{1,249}") || value.matches("\\.\\.?")) {
            throw new InvalidOptionException(
                    option.key(), "'" + value + "'", "1 to 249 letters, digits, dots, underscores and hyphens");
        }
        return value;
    }

    private static int inRange(Configuration options, ConfigOption<Integer> option, int least, int most) {
        int value = get(options, option, null);
        if (value < least || value > most) {
            throw new InvalidOptionException(
                    option.key(),
                    String.valueOf(value),
                    most == Integer.MAX_VALUE ? least + " or more" : least + ".." + most);
        }
        return value;
    }

    /** Returns null where Flink's configuration may decide. */
    private static Duration checkpointInterval(Configuration options) {
        Duration interval = inRange(options, JobOptions.CHECKPOINT_INTERVAL, SHORTEST_INTERVAL, "10 ms to 365 d");
        return options.contains(JobOptions.CHECKPOINT_INTERVAL) ? interval : null;
    }

    /** Returns null where the model decides. */
    private static Integer maxContext(Configuration options) {
        return get(options, JobOptions.GENERATION_MAX_CONTEXT, null) == null
                ? null
                : (Integer) inRange(options, JobOptions.GENERATION_MAX_CONTEXT, 1, Integer.MAX_VALUE);
    }

    private static Duration inRange(
            Configuration options, ConfigOption<Duration> option, Duration least, String expected) {
        Duration value = get(options, option, null);
        if (value.compareTo(least) < 0 || value.compareTo(LONGEST_INTERVAL) > 0) {
            throw new InvalidOptionException(option.key(), value.toString(), expected);
        }
        return value;
    }

    private static BatchSettings batch(Configuration options) {
        Long kvCacheBytes = bytes(options, JobOptions.KV_CACHE_BYTES);
        if (kvCacheBytes != null && kvCacheBytes == 0) {
            throw new InvalidOptionException(
                    JobOptions.KV_CACHE_BYTES.key(), "0", "room for one sequence of max-context or more");
        }
        return new BatchSettings(
                inRange(options, JobOptions.BATCH_SIZE, 1, LARGEST_BATCH),
                inRange(options, JobOptions.BATCH_MAX_HOLD, Duration.ZERO, "0 ms to 365 d"),
                kvCacheBytes,
                bytes(options, JobOptions.PREFIX_CACHE_BYTES));
    }

    /** Null where the option was left out. */
    private static Long bytes(Configuration options, ConfigOption<MemorySize> option) {
        MemorySize value = get(options, option, null);
        return value == null ? null : Long.valueOf(value.getBytes());
    }

    private static List<String> modelNames(Configuration options, String modelPath) {
        Set<String> names = new LinkedHashSet<>();
        if (options.contains(JobOptions.MODEL_NAME)) {
            names.add(ownName(options));
        } else {
            names.addAll(ModelLocator.names(modelPath));
        }
        names.addAll(get(options, JobOptions.MODEL_ALIASES, List.of()));
        return List.copyOf(names);
    }

    /** Returns a name that answers can bear: the one for all names is an alias only. */
    private static String ownName(Configuration options) {
        String name = named(options, JobOptions.MODEL_NAME, "");
        if (name.equals(RequestParser.ANY_MODEL)) {
            throw new InvalidOptionException(
                    JobOptions.MODEL_NAME.key(),
                    "'" + name + "'",
                    "a name; set " + JobOptions.MODEL_ALIASES.key() + " = " + name + " to accept every name");
        }
        return name;
    }

    /** Null where the option was left out. */
    private static Activation activation(Configuration options) {
        String name = get(options, JobOptions.MODEL_ACTIVATION, null);
        if (name == null) {
            return null;
        }
        return ActivationNames.find(name.strip())
                .orElseThrow(() -> new InvalidOptionException(
                        JobOptions.MODEL_ACTIVATION.key(),
                        "'" + name + "'" + NearestName.hint(name, ActivationNames.all()),
                        "one of " + ActivationNames.all()));
    }

    private static Map<String, String> clientProperties(Configuration options) {
        Set<String> known = new LinkedHashSet<>();
        JobOptions.ALL.forEach(option -> known.add(option.key()));
        Map<String, String> properties = new HashMap<>();
        options.toMap().forEach((key, value) -> {
            if (key.startsWith(JobOptions.KAFKA_PREFIX) && !known.contains(key)) {
                String property = key.substring(JobOptions.KAFKA_PREFIX.length());
                if (OWN_KAFKA_PROPERTIES.contains(property)) {
                    throw new InvalidOptionException(
                            key, "a value", "none: the job sets " + property + " itself, exactly once depends on it");
                }
                properties.put(property, value);
            }
        });
        return Map.copyOf(properties);
    }

    private static Map<String, String> requestFields(Configuration options) {
        Map<String, String> fields = new HashMap<>();
        options.toMap().forEach((key, value) -> {
            if (key.startsWith(JobOptions.REQUEST_PREFIX)) {
                String name = key.substring(JobOptions.REQUEST_PREFIX.length());
                if (RequestFields.supported().stream()
                        .noneMatch(field -> field.name().equals(name))) {
                    throw new InvalidOptionException(
                            key, "no field of a request", "one that docs/request-fields.md lists");
                }
                fields.put(name, RequestDefaults.asJson(value));
            }
        });
        return Map.copyOf(fields);
    }

    /**
     * Returns the same with the model at one commit, if it is one on the hub: see {@link PinnedModel}.
     *
     * @param hub asked for only if the model is one on the hub
     * @throws InvalidOptionException if no revision was given and the commit cannot be found out
     */
    JobSettings withPinnedModel(Supplier<ModelHub> hub) {
        ModelSettings model = generation.model();
        try {
            ModelSettings pinned = PinnedModel.pin(model, hub);
            return pinned.equals(model) ? this : with(generation.withModel(pinned));
        } catch (IOException e) {
            throw new InvalidOptionException(
                    JobOptions.MODEL_PATH.key(),
                    "'" + model.path() + "', whose commit cannot be found out here (" + e.getMessage() + ")",
                    "a name with a revision, '" + model.path()
                            + "@REVISION', so that all TaskManagers load the same model;"
                            + " or of a directory on the TaskManagers the absolute path",
                    e);
        }
    }

    private JobSettings with(GenerationSettings other) {
        return new JobSettings(jobName, kafka, files, other, generationMode, ordering, batch, checkpointInterval);
    }

    /** Returns the same with other room for answers. */
    JobSettings withAnswers(AnswerLimits answers) {
        return with(generation.withAnswers(answers));
    }
}
