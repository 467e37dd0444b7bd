package io.flinkgpt2.job;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.FallbackKey;
import org.apache.flink.configuration.description.HtmlFormatter;

/**
 * Reads the job's options from a command line, from environment variables, and from a file of {@code key: value} or
 * {@code key = value} lines; the former win. Keys may be given whole, or by their last words with dots or hyphens between them.
 */
public final class JobArguments {

    /** Names a file of options. */
    public static final String FILE_ARGUMENT = "options-file";

    private JobArguments() {}

    /**
     * Returns the options of a command line, as {@link #parse(List, Set, Map)} does without an environment.
     *
     * @param args {@code --key value} or {@code --key=value}; an option of type boolean may stand alone for true
     * @throws InvalidOptionException as {@link #parse(List, Set, Map)} does
     */
    public static Configuration parse(List<String> args) {
        return parse(args, Set.of(), Map.of());
    }

    /**
     * As {@link #parse(List)}, for a command that has options of its own, which it has taken already.
     *
     * @param others their names, without the hyphens before them: what an unknown option may have been meant to be
     */
    public static Configuration parse(List<String> args, Set<String> others) {
        return parse(args, others, Map.of());
    }

    /**
     * As {@link #parse(List)}, with options from the environment.
     *
     * @param environment variables of a process, of which those with the prefix {@code FLINK_GPT2_} count
     */
    public static Configuration parse(List<String> args, Map<String, String> environment) {
        return parse(args, Set.of(), environment);
    }

    /**
     * Returns options as they were given, by their full keys; values are not yet checked.
     *
     * @param args {@code --key value} or {@code --key=value}; an option of type boolean may stand alone for true
     * @param others names of options that the caller has taken already, without the hyphens before them
     * @param environment variables of a process, of which those with the prefix {@code FLINK_GPT2_} count
     * @throws InvalidOptionException if an option is unknown, ambiguous, given twice in one place, or has no value, or the file
     *     cannot be read
     */
    public static Configuration parse(List<String> args, Set<String> others, Map<String, String> environment) {
        Map<String, String> variables = EnvironmentOptions.read(environment);
        String fileOfEnvironment = variables.remove(FILE_ARGUMENT);
        Map<String, String> given = new LinkedHashMap<>();
        Path file = null;
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (!arg.startsWith("--") || arg.length() == 2) {
                throw new InvalidOptionException("command line", "'" + arg + "'", "--option value");
            }
            int equals = arg.indexOf('=');
            String name = equals < 0 ? arg.substring(2) : arg.substring(2, equals);
            boolean isFile = name.equals(FILE_ARGUMENT);
            String key = isFile ? name : resolve(name, others);
            String value;
            if (equals >= 0) {
                value = arg.substring(equals + 1);
            } else if (i + 1 < args.size() && !args.get(i + 1).startsWith("--")) {
                value = args.get(++i);
            } else if (isBoolean(key)) {
                value = "true";
            } else {
                throw new InvalidOptionException("--" + name, "no value", "--" + name + " value");
            }
            if (isFile) {
                if (file != null) {
                    throw new InvalidOptionException("--" + name, "it for the second time", "one file");
                }
                file = Path.of(value);
            } else if (given.put(key, value) != null) {
                throw new InvalidOptionException("--" + name, key + " for the second time", "each option once");
            }
        }
        if (file == null && fileOfEnvironment != null) {
            file = Path.of(fileOfEnvironment);
        }
        Configuration options = new Configuration();
        if (file != null) {
            readFile(file).forEach(options::setString);
        }
        variables.forEach(options::setString);
        given.forEach(options::setString);
        return options;
    }

    private static boolean isBoolean(String key) {
        return JobOptions.ALL.stream()
                .anyMatch(option -> option.key().equals(key)
                        && option.hasDefaultValue()
                        && option.defaultValue() instanceof Boolean);
    }

    private static Map<String, String> readFile(Path file) {
        Set<String> repeated = new TreeSet<>();
        Properties lines = new Properties() {
            private static final long serialVersionUID = 1L;

            @Override
            public synchronized Object put(Object name, Object value) {
                if (containsKey(name)) {
                    repeated.add(String.valueOf(name));
                }
                return super.put(name, value);
            }
        };
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            lines.load(reader);
        } catch (IOException | IllegalArgumentException e) {
            throw new InvalidOptionException(
                    "--" + FILE_ARGUMENT,
                    file + ", which cannot be read (" + e + ")",
                    "lines of key: value in UTF-8",
                    e);
        }
        Map<String, String> options = new LinkedHashMap<>();
        for (String name : new TreeSet<>(lines.stringPropertyNames())) {
            String before = options.put(resolve(name), lines.getProperty(name).strip());
            if (before != null || repeated.contains(name)) {
                throw new InvalidOptionException(name + " in " + file, "it for the second time", "each option once");
            }
        }
        return options;
    }

    static String resolve(String name) {
        return resolve(name, Set.of());
    }

    /** Returns the full key for a key or its last words. */
    private static String resolve(String name, Set<String> others) {
        Optional<String> key = find(name, "--" + name);
        if (key.isPresent()) {
            return key.get();
        }
        for (String prefix : List.of(JobOptions.KAFKA_PREFIX, JobOptions.REQUEST_PREFIX)) {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                return name;
            }
        }
        throw new InvalidOptionException(
                "--" + name,
                "an unknown option" + OptionNames.hint(name, others),
                "one of " + keys() + ", kafka.* or request.*");
    }

    /**
     * Returns the full key for a key, another name of it, or its last words; empty if no option is called so.
     *
     * @param shown the name as the user gave it, for the message
     * @throws InvalidOptionException if several keys end so
     */
    static Optional<String> find(String name, String shown) {
        List<String> matches = new ArrayList<>();
        String words = name.replace('.', '-');
        for (ConfigOption<?> option : JobOptions.ALL) {
            if (option.key().equals(name)) {
                return Optional.of(name);
            }
            for (FallbackKey fallback : option.fallbackKeys()) {
                if (fallback.getKey().equals(name)) {
                    return Optional.of(option.key());
                }
            }
            if (("-" + option.key().replace('.', '-')).endsWith("-" + words)) {
                matches.add(option.key());
            }
        }
        if (matches.size() > 1) {
            throw new InvalidOptionException(shown, "an ambiguous name", "one of " + matches);
        }
        return matches.stream().findFirst();
    }

    private static List<String> keys() {
        return JobOptions.ALL.stream().map(option -> option.key()).toList();
    }

    /** Returns all options with their defaults and descriptions, for people. */
    public static String help() {
        StringBuilder help = new StringBuilder("Options of the job, as --key value or in a file given by --")
                .append(FILE_ARGUMENT)
                .append(".\nThe last words of a key are enough where only one key ends so.\n")
                .append("On a cluster also by environment: --batch.size 8 is ")
                .append(EnvironmentOptions.PREFIX)
                .append("BATCH_SIZE=8.\n");
        for (ConfigOption<?> option : JobOptions.ALL) {
            String standard = option.hasDefaultValue() ? " (default: " + plain(option.defaultValue()) + ")" : "";
            help.append("\n  --").append(option.key()).append(standard).append('\n');
            wrap(help, description(option));
        }
        help.append("\n  --kafka.NAME\n");
        wrap(
                help,
                "Any other property of the Kafka clients, such as security.protocol. Isolation level, transactional id,"
                        + " commits and serializers are the job's own.");
        help.append("\n  --request.FIELD\n");
        wrap(
                help,
                "Any field of a request, such as request.max_tokens, as JSON, for requests that lack it; what is not JSON"
                        + " counts as a string.");
        return help.toString();
    }

    private static String plain(Object value) {
        if (value instanceof Enum<?> constant) {
            return constant.name().toLowerCase(Locale.ROOT);
        }
        if (value instanceof Duration duration) {
            return duration.toMillis() % 1000 == 0 ? duration.toSeconds() + " s" : duration.toMillis() + " ms";
        }
        return value instanceof List<?> list && list.isEmpty() ? "none" : String.valueOf(value);
    }

    private static String description(ConfigOption<?> option) {
        return new HtmlFormatter()
                .format(option.description())
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&amp;", "&");
    }

    private static void wrap(StringBuilder out, String text) {
        int width = 0;
        for (String word : text.split(" ", -1)) {
            if (width == 0 || width + word.length() > 90) {
                out.append(width == 0 ? "      " : "\n      ");
                width = 6;
            } else {
                out.append(' ');
            }
            out.append(word);
            width += word.length() + 1;
        }
        out.append('\n');
    }
}
