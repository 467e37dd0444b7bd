package io.flinkgpt2.job;

import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.json.NearestName;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The job's options as environment variables: {@code FLINK_GPT2_KAFKA_GROUP_ID} is {@code kafka.group.id}. Dots and hyphens of a
 * key are underscores, letters are capitals, and the last words of a key are enough, as on the command line.
 */
final class EnvironmentOptions {

    static final String PREFIX = "FLINK_GPT2_";

    /** Variables with the prefix that are read elsewhere: by the cache of models, the launcher and the command line. */
    static final Set<String> OF_OTHERS = Set.of(
            HubSettings.HOME_VARIABLE,
            HubSettings.HUB_VARIABLE,
            HubSettings.OFFLINE_VARIABLE,
            HubSettings.TOKEN_VARIABLE,
            "FLINK_GPT2_CLASS_ARCHIVE",
            "FLINK_GPT2_CLUSTER",
            "FLINK_GPT2_JAVA_OPTS",
            "FLINK_GPT2_LOG_FORMAT",
            "FLINK_GPT2_STACKTRACE");

    /**
     * The variables that Kubernetes sets in every pod of a namespace that has a service named flink-gpt2 or flink-gpt2-rest;
     * Flink makes the latter for a cluster named flink-gpt2.
     */
    static final Pattern SERVICE_LINK = Pattern.compile(PREFIX
            + "([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT(_\\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)");

    private static final String KAFKA = variable(JobOptions.KAFKA_PREFIX);
    private static final String REQUEST = variable(JobOptions.REQUEST_PREFIX);

    private EnvironmentOptions() {}

    /**
     * Returns the options by their full keys, {@link JobArguments#FILE_ARGUMENT} included. A variable without a value counts as
     * not set.
     *
     * @throws InvalidOptionException if a variable with the prefix names no option, or two name the same one
     */
    static Map<String, String> read(Map<String, String> environment) {
        Map<String, String> options = new TreeMap<>();
        Map<String, String> variables = new TreeMap<>();
        new TreeMap<>(environment).forEach((variable, value) -> {
            if (!isOption(variable) || value.isBlank()) {
                return;
            }
            String key = key(variable);
            String other = variables.put(key, variable);
            if (other != null) {
                throw new InvalidOptionException(
                        variable, key + ", which " + other + " gives too", "each option once; unset one of them");
            }
            options.put(key, value.strip());
        });
        return options;
    }

    private static boolean isOption(String variable) {
        return variable.startsWith(PREFIX)
                && !OF_OTHERS.contains(variable)
                && !SERVICE_LINK.matcher(variable).matches();
    }

    private static String key(String variable) {
        if (variable.equals(variable(JobArguments.FILE_ARGUMENT))) {
            return JobArguments.FILE_ARGUMENT;
        }
        String words = variable.substring(PREFIX.length()).toLowerCase(Locale.ROOT);
        Optional<String> option = JobArguments.find(words.replace('_', '-'), variable);
        if (option.isPresent()) {
            return option.get();
        }
        if (variable.startsWith(KAFKA) && variable.length() > KAFKA.length()) {
            // Kafka separates the words of its properties by dots only.
            return words.replace('_', '.');
        }
        if (variable.startsWith(REQUEST) && variable.length() > REQUEST.length()) {
            // Fields of requests have underscores of their own.
            return words.replaceFirst("_", ".");
        }
        String meant = NearestName.of(variable.substring(PREFIX.length()), names())
                .map(name -> "; did you mean " + PREFIX + name + "?")
                .orElse("");
        throw new InvalidOptionException(
                variable,
                "no option of that name",
                "an option of the job, such as " + variable(JobOptions.BATCH_SIZE.key()) + meant
                        + " Rename it, or unset it");
    }

    private static String variable(String key) {
        return PREFIX + key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /** Returns every name that can follow the prefix: those of the command line, and the variables of others. */
    private static Set<String> names() {
        Set<String> variables = new LinkedHashSet<>();
        OptionNames.all().forEach(name -> variables.add(variable(name)));
        variables.add(variable(JobArguments.FILE_ARGUMENT));
        variables.addAll(OF_OTHERS);
        return variables.stream()
                .map(variable -> variable.substring(PREFIX.length()))
                .collect(Collectors.toCollection(LinkedHashSet::new));
    }
}
