package io.flinkgpt2.constraint;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;

/** The local references of a schema, such as {@code #/$defs/name}, and those that are being followed. */
final class SchemaReferences {
    private final JsonNode root;
    private final Set<String> followed = new LinkedHashSet<>();

    SchemaReferences(JsonNode root) {
        this.root = root;
    }

    /** Returns the pointer of a schema's {@code $ref}, and keeps it as followed. */
    String enter(SchemaPart schema) throws InvalidConstraintException {
        JsonNode reference = schema.get("$ref");
        String text = reference.isTextual() ? reference.textValue() : "";
        if (!text.equals("#") && !text.startsWith("#/")) {
            throw schema.refused("$ref", reference, "a local one such as \"#/$defs/name\"");
        }
        String pointer;
        try {
            pointer = URLDecoder.decode(text.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw schema.refused("$ref", reference, "a local one such as \"#/$defs/name\"");
        }
        if (pointer.isEmpty() || !followed.add(pointer)) {
            throw schema.refused(
                    "$ref", reference, "no reference that leads to itself; spell out as many levels as are needed");
        }
        return pointer;
    }

    void leave(String pointer) {
        followed.remove(pointer);
    }

    JsonNode target(SchemaPart schema, String pointer) throws InvalidConstraintException {
        JsonNode target = root.at(JsonPointer.compile(pointer));
        if (target.isMissingNode()) {
            throw schema.refused("$ref", schema.get("$ref"), "a place that the schema has");
        }
        return target;
    }

    /** Returns a name as it stands in a JSON pointer. */
    static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }
}
