package io.flinkgpt2.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A reader of JSON schemas in the subset that docs/constraints.md describes. It takes keywords whose meaning it keeps exactly and
 * refuses all others by name.
 */
final class SchemaReader {
    private static final int DEEPEST = 64;

    /** Steps for each schema, as often as references lead to it: some hundred bytes are kept of it. */
    private static final int SCHEMA_STEPS = 200;

    /** Steps for each entry of an array and each character of a pattern or a value: some dozen bytes are kept of it. */
    private static final int ENTRY_STEPS = 10;

    private final SchemaReferences references;
    private final UnicodeProperties properties;
    private final Budget budget;

    private SchemaReader(JsonNode root, UnicodeProperties properties, Budget budget) {
        this.references = new SchemaReferences(root);
        this.properties = properties;
        this.budget = budget;
    }

    /** Returns the values that are valid under a schema, a JSON text. */
    static Shape read(String schema, UnicodeProperties properties, Budget budget) throws InvalidConstraintException {
        JsonNode root = SchemaText.parse(schema);
        return new SchemaReader(root, properties, budget).shape(SchemaPart.of(root, ""), 0);
    }

    private Shape shape(SchemaPart schema, int depth) throws InvalidConstraintException {
        budget.spend(SCHEMA_STEPS + (long) ENTRY_STEPS * schema.entries());
        if (depth > DEEPEST) {
            throw schema.refused("schemas within each other", "at most " + DEEPEST + " levels");
        }
        if (schema.isBoolean()) {
            return schema.allowsAll() ? Shape.ANY : Shape.NONE;
        }
        if (schema.has("anyOf")) {
            return anyOf(schema, depth);
        }
        if (schema.has("$ref")) {
            return reference(schema, depth);
        }
        if (schema.has("enum") || schema.has("const")) {
            List<String> texts = SchemaValues.texts(schema);
            for (String text : texts) {
                budget.spend(text.length());
            }
            return new Shape.Texts(texts);
        }
        Set<String> types = schema.types();
        List<Shape> shapes = new ArrayList<>();
        if (types.contains("string")) {
            shapes.add(strings(schema));
        }
        if (types.contains("number")) {
            for (String keyword : SchemaPart.BOUNDS) {
                if (schema.has(keyword)) {
                    throw schema.refused(
                            "'" + keyword + "' of numbers that need not be integers",
                            "it beside \"type\": \"integer\"");
                }
            }
            shapes.add(Shape.ANY_NUMBER);
        } else if (types.contains("integer")) {
            shapes.add(schema.integers());
        }
        if (types.contains("boolean")) {
            shapes.add(Shape.BOOLEAN);
        }
        if (types.contains("null")) {
            shapes.add(Shape.NULL);
        }
        if (types.contains("object")) {
            shapes.add(objects(schema, depth));
        }
        if (types.contains("array")) {
            shapes.add(arrays(schema, depth));
        }
        return new Shape.OneOf(shapes);
    }

    private Shape anyOf(SchemaPart schema, int depth) throws InvalidConstraintException {
        JsonNode options = schema.get("anyOf");
        if (!options.isArray() || options.isEmpty()) {
            throw schema.refused("anyOf", options, "an array of one or more schemas");
        }
        SchemaPart siblings = schema.without("anyOf");
        List<Shape> shapes = new ArrayList<>();
        for (int i = 0; i < options.size(); i++) {
            SchemaPart option = SchemaPart.of(options.get(i), schema.path() + "/anyOf/" + i);
            shapes.add(shape(option.and(siblings), depth + 1));
        }
        return new Shape.OneOf(shapes);
    }

    private Shape reference(SchemaPart schema, int depth) throws InvalidConstraintException {
        SchemaPart siblings = schema.without("$ref");
        String pointer = references.enter(schema);
        try {
            SchemaPart target = SchemaPart.of(references.target(schema, pointer), pointer);
            return shape(target.and(siblings), depth + 1);
        } finally {
            references.leave(pointer);
        }
    }

    private Shape strings(SchemaPart schema) throws InvalidConstraintException {
        int min = schema.count("minLength", 0);
        int max = schema.count("maxLength", RegexNode.UNBOUNDED);
        RegexNode pattern = null;
        if (schema.has("pattern")) {
            if (!schema.get("pattern").isTextual()) {
                throw schema.refused("pattern", schema.get("pattern"), "a string");
            }
            String regex = schema.get("pattern").textValue();
            budget.spend((long) ENTRY_STEPS * regex.length());
            pattern = RegexParser.parse(schema.path() + "/pattern", regex, properties, budget)
                    .search();
        }
        return max != RegexNode.UNBOUNDED && max < min ? Shape.NONE : new Shape.Strings(pattern, min, max);
    }

    private Shape arrays(SchemaPart schema, int depth) throws InvalidConstraintException {
        int min = schema.count("minItems", 0);
        int max = schema.count("maxItems", RegexNode.UNBOUNDED);
        if (max != RegexNode.UNBOUNDED && max < min) {
            return Shape.NONE;
        }
        Shape item = schema.has("items") ? shape(schema.child("items"), depth + 1) : Shape.ANY;
        return item.equals(Shape.ANY) && min == 0 && max == RegexNode.UNBOUNDED
                ? Shape.ANY_ARRAY
                : new Shape.Arrays(item, min, max);
    }

    private Shape objects(SchemaPart schema, int depth) throws InvalidConstraintException {
        Set<String> required = new LinkedHashSet<>(schema.required());
        SchemaPart additional = schema.has("additionalProperties")
                ? schema.child("additionalProperties")
                : SchemaPart.of(BooleanNode.TRUE, schema.path());
        boolean open = additional.allowsAll();
        if (!schema.has("properties") && required.isEmpty() && open) {
            return Shape.ANY_OBJECT;
        }
        List<Shape.Property> members = new ArrayList<>();
        if (schema.has("properties")) {
            if (!(schema.get("properties") instanceof ObjectNode declared)) {
                throw schema.refused("properties", schema.get("properties"), "an object of schemas");
            }
            for (Map.Entry<String, JsonNode> property : declared.properties()) {
                String name = property.getKey();
                SchemaValues.requireWellFormed(name, schema.path() + "/properties");
                String path = schema.path() + "/properties/" + SchemaReferences.escaped(name);
                Shape value = shape(SchemaPart.of(property.getValue(), path), depth + 1);
                members.add(new Shape.Property(name, required.remove(name), value));
            }
        }
        if (!additional.isBoolean() || !required.isEmpty()) {
            Shape value = shape(additional, depth + 1);
            for (String name : required) {
                members.add(new Shape.Property(name, true, value));
            }
        }
        return new Shape.Objects(members);
    }
}
