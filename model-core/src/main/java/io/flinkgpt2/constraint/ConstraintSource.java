package io.flinkgpt2.constraint;

import java.util.List;

/**
 * The language that an answer must belong to, as the user wrote it.
 *
 * @param kind how the texts are read
 * @param texts the choices, in any order; or one regex or JSON schema; none for {@link Kind#JSON_OBJECT}
 */
public record ConstraintSource(Kind kind, List<String> texts) {

    /** The kinds of constraints; the guide docs/constraints.md describes them. */
    public enum Kind {
        /** The answer is one of the texts. */
        CHOICE,
        /** The whole answer matches a regex. */
        REGEX,
        /** The answer is a JSON text that is valid under a schema. */
        JSON_SCHEMA,
        /** The answer is any JSON object. */
        JSON_OBJECT
    }

    public ConstraintSource {
        texts = List.copyOf(texts);
    }

    /** Returns the constraint to one of the given texts. */
    public static ConstraintSource choice(List<String> texts) {
        return new ConstraintSource(Kind.CHOICE, texts);
    }

    /** Returns the constraint to texts that match as a whole. */
    public static ConstraintSource regex(String regex) {
        return new ConstraintSource(Kind.REGEX, List.of(regex));
    }

    /** Returns the constraint to JSON texts that are valid under a schema, itself a JSON text. */
    public static ConstraintSource jsonSchema(String schema) {
        return new ConstraintSource(Kind.JSON_SCHEMA, List.of(schema));
    }

    /** Returns the constraint to JSON objects. */
    public static ConstraintSource jsonObject() {
        return new ConstraintSource(Kind.JSON_OBJECT, List.of());
    }

    /** Returns the length of all texts, in UTF-16 code units. */
    long length() {
        return texts.stream().mapToLong(String::length).sum();
    }
}
