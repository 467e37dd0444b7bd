package io.flinkgpt2.cli;

import io.flinkgpt2.cli.common.EnumWords;
import io.flinkgpt2.job.record.RequestField;
import io.flinkgpt2.job.record.RequestFields;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The facts that help shows of an option beside its sentence: heading, type, range and default. The
 * same option has the same range in every command; the options of fields of requests have theirs from the table of fields.
 */
final class OptionFacts {

    /** The headings, in the order in which help shows them. */
    enum Heading {
        MODEL("Model"),
        PROMPT("Prompt"),
        SAMPLING("Sampling"),
        LIMITS("Limits"),
        WORKLOAD("Workload"),
        MEASUREMENT("Measurement"),
        FILES("Files"),
        KAFKA("Kafka"),
        FLINK("Flink"),
        OUTPUT("Output");

        private final String title;

        Heading(String title) {
            this.title = title;
        }

        String title() {
            return title;
        }
    }

    /** A default at the end of a sentence. */
    private static final Pattern DEFAULT = Pattern.compile(" ?\\((?:default: )([^()]*(?:\\([^()]*\\)[^()]*)*)\\)\\.?$");

    private static final String PORT = "0..65535, 0: any that is free";
    private static final String COUNT = "1 or more";

    /** Before an option that means something else in this command. */
    private static final String PLAN = "plan ";

    private final Map<String, Heading> headings = new LinkedHashMap<>();
    private final Map<String, String> ranges = new LinkedHashMap<>();

    OptionFacts() {
        rows(Heading.MODEL, "--model", "--precision", "--activation", "--size", "--hub", "--token-file", "--offline");
        row(Heading.PROMPT, "--prompt-ids", "0 or more, of the vocabulary");
        rows(Heading.PROMPT, "--prompt", "--truncate-prompt", "--allow-special-tokens", "--decode");
        rows(Heading.PROMPT, "--envelope", "--expected", "--known-answers", "--perplexity");
        for (RequestField field : RequestFields.supported()) {
            headings.putIfAbsent(field.optionName(), Heading.SAMPLING);
        }
        rows(Heading.LIMITS, "--max-tokens", "--min-tokens", "--timeout-ms", "--idle");
        row(Heading.LIMITS, "--max-context", "1..n_positions of the model");
        row(Heading.LIMITS, "--stride", "1..--max-context");
        row(Heading.LIMITS, "--threads", COUNT);
        row(Heading.LIMITS, "--until", COUNT);
        rows(Heading.MEASUREMENT, "--scenario", "--chart", "--native-memory");
        row(Heading.MEASUREMENT, "--seed", "64 bits");
        row(Heading.MODEL, "random-model --seed", "64 bits");
        for (String count : List.of("--streams", "--engines", "--prefill-chunk", "--requests", "--repeats")) {
            row(Heading.MEASUREMENT, count, COUNT);
        }
        row(Heading.MEASUREMENT, "--read-mib", COUNT);
        row(Heading.MEASUREMENT, "--positions", "0 or more, below n_positions");
        row(Heading.WORKLOAD, "--prompt-tokens", COUNT);
        row(Heading.WORKLOAD, "--new-tokens", COUNT);
        row(Heading.WORKLOAD, "--prefix-share", "0..1");
        rows(Heading.FILES, "--input", "--out", "--errors", "--input-format", "--format", "--prompt-column");
        rows(Heading.FILES, "--split-on", "--unordered", "--overwrite", "--restart", "--prompts", "--directory");
        rows(Heading.FILES, "--keep");
        rows(Heading.KAFKA, "--bootstrap-servers", "--kafka.bootstrap.servers", "--kafka", "--topic", "--topics");
        row(Heading.KAFKA, "--kafka-port", PORT);
        row(Heading.FLINK, "--web-port", PORT);
        row(Heading.FLINK, "--parallelism", "1..1024");
        row(Heading.FLINK, "--slots", "1..1024");
        row(Heading.FLINK, "--metrics-port", "1..65534");
        rows(Heading.FLINK, "--flink", "--heap", "-D", "--savepoint", "--fromSavepoint", "--savepoint-path");
        rows(Heading.FLINK, "--savepointPath", "--drain", "--no-restart", "--allow-non-restored-state");
        rows(Heading.KAFKA, "--command-config");
        rows(Heading.OUTPUT, "--output", "--log-format", "--help", "--version");
        planRows();
    }

    private void planRows() {
        row(Heading.WORKLOAD, PLAN + "--prompts", "1..1e15");
        rows(Heading.WORKLOAD, "--within");
        row(Heading.WORKLOAD, "--bytes-per-token", "above 0 and at most 100");
        row(Heading.WORKLOAD, "--partition-skew", "0..10");
        row(Heading.WORKLOAD, "--length-skew", "0..10");
        row(Heading.WORKLOAD, PLAN + "--seed", "64 bits");
        for (String count : List.of("--slots-per-taskmanager", "--partitions-per-slot", "--batch-size")) {
            row(Heading.FLINK, count, COUNT);
        }
        row(Heading.FLINK, "--utilisation", "above 0 and at most 1");
        row(Heading.KAFKA, "--replication", COUNT);
        rows(Heading.MEASUREMENT, "--bench");
        row(Heading.MEASUREMENT, "--prefill-tokens-per-second", "above 0");
        row(Heading.MEASUREMENT, "--decode-tokens-per-second", "above 0");
        row(Heading.MEASUREMENT, "--attention-nanoseconds", "0 or more");
    }

    private void rows(Heading heading, String... options) {
        for (String option : options) {
            headings.put(option, heading);
        }
    }

    private void row(Heading heading, String option, String range) {
        headings.put(option, heading);
        ranges.put(option, range);
    }

    /** Returns the heading that an option stands under; empty if the table lacks it. */
    Optional<Heading> heading(CommandSpec command, OptionSpec option) {
        return find(headings, command, option);
    }

    private static <T> Optional<T> find(Map<String, T> table, CommandSpec command, OptionSpec option) {
        return Stream.of(command.name() + " ", "")
                .flatMap(before -> Arrays.stream(option.names()).map(name -> table.get(before + name)))
                .filter(Objects::nonNull)
                .findFirst();
    }

    /** Returns an option as help shows it: with its {@link #description}, and a label where it has none of its own. */
    OptionSpec described(CommandSpec command, OptionSpec option) {
        if (option.usageHelp() || option.versionHelp()) {
            return option;
        }
        OptionSpec.Builder described = OptionSpec.builder(option).description(description(command, option));
        if (option.paramLabel().startsWith("<")) {
            described.paramLabel(
                    isNumber(valueType(option)) ? "N" : valueType(option).isEnum() ? "WORD" : "VALUE");
        }
        return described.build();
    }

    /** Returns the sentences of an option with its type, range and default after them. */
    String[] description(CommandSpec command, OptionSpec option) {
        String[] lines = option.description().clone();
        int last = lines.length - 1;
        Optional<RequestField> field = field(option);
        Matcher written = DEFAULT.matcher(lines[last]);
        String standard = standard(option, field, written);
        String sentence = written.reset().find() ? lines[last].substring(0, written.start()) : lines[last];
        lines[last] = sentence + (sentence.matches(".*[.:)]$") ? "" : ".") + " [" + type(command, option, field)
                + (standard.isEmpty() ? "" : "; " + standard) + "]";
        return lines;
    }

    /** Returns "required", "default: 1", or an empty string where a sentence says it in its midst. */
    private static String standard(OptionSpec option, Optional<RequestField> field, Matcher written) {
        if (option.required() && option.group() == null) {
            return "required";
        }
        if (written.find()) {
            return "default: " + written.group(1).replace("${DEFAULT-VALUE}", String.valueOf(option.defaultValue()));
        }
        if (String.join(" ", option.description()).toLowerCase(Locale.ROOT).contains("default: ")) {
            return "";
        }
        if (field.isPresent() && !field.get().defaultValue().isEmpty()) {
            return "default: " + field.get().defaultValue();
        }
        if (option.defaultValue() != null) {
            return "default: " + option.defaultValue();
        }
        return isFlag(option) ? "default: off" : "default: none";
    }

    private String type(CommandSpec command, OptionSpec option, Optional<RequestField> field) {
        if (field.isPresent() && isNumber(valueType(option))) {
            return field.get().type();
        }
        return typeWord(option)
                + find(ranges, command, option).map(range -> ", " + range).orElse("");
    }

    private static Optional<RequestField> field(OptionSpec option) {
        return RequestFields.supported().stream()
                .filter(field -> field.option()
                        .filter(known -> option.longestName().equals(field.optionName())
                                && known.description().equals(String.join(" ", option.description())))
                        .isPresent())
                .findFirst();
    }

    private static String typeWord(OptionSpec option) {
        if (isFlag(option)) {
            return "flag";
        }
        Class<?> type = valueType(option);
        String several = option.isMultiValue() && !Map.class.isAssignableFrom(option.type()) ? "s" : "";
        if (Map.class.isAssignableFrom(option.type())) {
            return "pairs";
        }
        if (type.isEnum()) {
            return (several.isEmpty() ? "" : "several of ") + String.join("|", EnumWords.of(type));
        }
        if (isNumber(type)) {
            boolean real = type == Double.class || type == double.class || type == BigDecimal.class;
            return (real ? "number" : "integer") + several;
        }
        return (Path.class.isAssignableFrom(type) ? "path" : "text") + several;
    }

    static boolean isNumber(Class<?> type) {
        return type.isPrimitive() && type != boolean.class || Number.class.isAssignableFrom(type);
    }

    /** Returns the type of an option's values, of a list that of its elements. */
    static Class<?> valueType(OptionSpec option) {
        return option.isMultiValue() ? option.auxiliaryTypes()[0] : option.type();
    }

    private static boolean isFlag(OptionSpec option) {
        return option.arity().max() == 0;
    }
}
