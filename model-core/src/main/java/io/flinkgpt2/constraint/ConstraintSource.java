package io.flinkgpt2.constraint;

import java.util.List;
import java.util.Objects;

/**
 * What the text of an answer must match, as a request gives it.
 *
 * @param kind what the texts are
 * @param texts the choices; or the one regular expression or JSON schema; or none for {@link Kind#JSON_OBJECT}
 */
public record ConstraintSource(Kind kind, List<String> texts) {

    /** The kinds of constraints. */
    public enum Kind {
        /** The answer is one of several texts. */
        CHOICE,
        /** The whole answer matches a regular expression. */
        REGEX,
        /** The answer is a JSON value that a schema allows. */
        JSON_SCHEMA,
        /** The answer is any JSON object. */
        JSON_OBJECT
    }

    public ConstraintSource {
        Objects.requireNonNull(kind, "kind");
        texts = List.copyOf(texts);
    }

    public static ConstraintSource choice(List<String> choices) {
        return new ConstraintSource(Kind.CHOICE, choices);
    }

    public static ConstraintSource regex(String regex) {
        return new ConstraintSource(Kind.REGEX, List.of(regex));
    }

    /** @param schema text of a JSON schema */
    public static ConstraintSource jsonSchema(String schema) {
        return new ConstraintSource(Kind.JSON_SCHEMA, List.of(schema));
    }

    public static ConstraintSource jsonObject() {
        return new ConstraintSource(Kind.JSON_OBJECT, List.of());
    }
}
