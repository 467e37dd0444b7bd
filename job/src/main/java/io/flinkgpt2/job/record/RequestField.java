package io.flinkgpt2.job.record;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A field of a request. Its row in {@link RequestFields} is the one place that knows it: the reader, the refusals, the options
 * of the command {@code complete} and the documentation take it from there.
 */
public final class RequestField {
    private static final Pattern JSON_LITERAL = Pattern.compile("-?[0-9]+|true|false|\\[]|\\{}|\"[^\"]*\"");

    private final String name;
    private final FieldType type;
    private final String defaultValue;
    private final String meaning;
    private final boolean supported;
    private final Reader reader;
    private final Option option;

    /** Reads the value at which a parser stands, which is not null, into a draft. */
    @FunctionalInterface
    interface Reader {
        void read(ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException;
    }

    /** Takes a value into a draft. */
    @FunctionalInterface
    interface Setter<T> {
        void set(RequestDraft draft, T value);
    }

    /**
     * The option of the command line that sets the field.
     *
     * @param type Java type of the option's value
     * @param label placeholder of the value in the help; null for an option without a value
     * @param description sentence of the help
     */
    public record Option(Class<?> type, String label, String description) {}

    private RequestField(
            String name,
            FieldType type,
            String defaultValue,
            String meaning,
            boolean supported,
            Reader reader,
            Option option) {
        this.name = Objects.requireNonNull(name, "name");
        this.type = type;
        this.defaultValue = defaultValue;
        this.meaning = meaning;
        this.supported = supported;
        this.reader = reader;
        this.option = option;
    }

    /** Returns a field that is read by code of its own. */
    static RequestField of(String name, FieldType type, String defaultValue, String meaning, Reader reader) {
        return new RequestField(name, type, defaultValue, meaning, true, reader, null);
    }

    /** Returns a field that holds an integer, {@code lowest..highest}. */
    static RequestField integer(
            String name, long lowest, long highest, String defaultValue, String meaning, Setter<Long> setter) {
        return of(
                name,
                FieldType.integer(lowest, highest),
                defaultValue,
                meaning,
                (context, draft) -> setter.set(draft, context.json().integer(name, lowest, highest)));
    }

    /** Returns a field that holds a number in a range. */
    static RequestField number(
            String name, FieldType.Range range, String defaultValue, String meaning, Setter<Double> setter) {
        return of(
                name,
                range.type(),
                defaultValue,
                meaning,
                (context, draft) ->
                        setter.set(draft, context.json().number(name, range.allowed(), "a " + range.words())));
    }

    /** Returns a field that holds true or false. */
    static RequestField flag(String name, String defaultValue, String meaning, Setter<Boolean> setter) {
        return of(
                name,
                FieldType.flag(),
                defaultValue,
                meaning,
                (context, draft) -> setter.set(draft, context.json().flag(name)));
    }

    /** Returns a field that holds a string. */
    static RequestField string(String name, String defaultValue, String meaning, Setter<String> setter) {
        return of(
                name,
                FieldType.string(),
                defaultValue,
                meaning,
                (context, draft) -> setter.set(draft, context.json().string(name)));
    }

    /** Returns a field that holds one of several words. */
    static RequestField words(
            String name, List<String> words, String defaultValue, String meaning, Setter<String> setter) {
        return of(
                name,
                FieldType.words(words),
                defaultValue,
                meaning,
                (context, draft) -> setter.set(draft, context.json().word(name, words)));
    }

    /** Returns a field that holds distinct token ids of the model's vocabulary. */
    static RequestField tokenIds(
            String name, int fewest, int most, String defaultValue, String meaning, Setter<int[]> setter) {
        return of(
                name,
                FieldType.tokenIds(fewest, most),
                defaultValue,
                meaning,
                (context, draft) -> setter.set(draft, TokenIdsReader.read(name, fewest, most, context)));
    }

    /** Returns a field that is known and not supported: values that change nothing are taken, others are refused. */
    static RequestField unsupported(String name, Neutral neutral, String reason) {
        return new RequestField(
                name,
                new FieldType(neutral.text(), neutral.schema()),
                "",
                reason,
                false,
                (context, draft) -> neutral.require(name, reason, context.json()),
                null);
    }

    /** Returns this field with an option of the command line. */
    RequestField withOption(Class<?> valueType, String label, String description) {
        Option added = new Option(valueType, label, description);
        return new RequestField(name, type, defaultValue, meaning, supported, reader, added);
    }

    /** Returns the name, as requests have it. */
    public String name() {
        return name;
    }

    /** Returns the type and range in words; of a field that is not supported, the values that change nothing. */
    public String type() {
        return type.words();
    }

    /** Returns the text of a JSON Schema of the values, without null, which is always taken. */
    String schema() {
        return type.schema();
    }

    /** Returns the default as text of a JSON value, if it is one. */
    Optional<String> defaultJson() {
        return Optional.of(defaultValue)
                .filter(value -> JSON_LITERAL.matcher(value).matches());
    }

    /** Returns the default in words; empty if there is none. */
    public String defaultValue() {
        return defaultValue;
    }

    /** Returns what the field does; of one that is not supported, why. */
    public String meaning() {
        return meaning;
    }

    /** Returns whether all values in the range are taken. */
    public boolean isSupported() {
        return supported;
    }

    /** Returns the option of the command line that sets the field, if there is one. */
    public Optional<Option> option() {
        return Optional.ofNullable(option);
    }

    /** Returns the name of that option: {@code --max-tokens} for {@code max_tokens}. */
    public String optionName() {
        return "--" + name.replace('_', '-');
    }

    void read(ReadContext context, RequestDraft draft) throws IOException, InvalidRequestException {
        reader.read(context, draft);
    }
}
