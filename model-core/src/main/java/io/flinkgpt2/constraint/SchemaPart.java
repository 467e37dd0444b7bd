package io.flinkgpt2.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One schema inside a schema: an object of known keywords, or true or false. */
final class SchemaPart {
    /** The keywords that bound integers. */
    static final List<String> BOUNDS = List.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");

    private static final Set<String> TYPES =
            new LinkedHashSet<>(List.of("string", "number", "integer", "boolean", "null", "object", "array"));
    private static final Set<String> ANNOTATIONS = Set.of(
            "title",
            "description",
            "default",
            "examples",
            "deprecated",
            "readOnly",
            "writeOnly",
            "$schema",
            "$defs",
            "definitions",
            "$comment");
    private static final Set<String> ASSERTIONS = Set.of(
            "type",
            "enum",
            "const",
            "anyOf",
            "$ref",
            "properties",
            "required",
            "additionalProperties",
            "items",
            "minItems",
            "maxItems",
            "pattern",
            "minLength",
            "maxLength",
            "minimum",
            "maximum",
            "exclusiveMinimum",
            "exclusiveMaximum");

    /** Largest count, and most digits of a bound, that are worth building. */
    private static final int LARGEST_COUNT = 1_000_000;

    private static final int MOST_DIGITS = 40;

    private static final BigInteger LARGEST = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger SMALLEST = BigInteger.valueOf(Long.MIN_VALUE);

    private final JsonNode node;
    private final String path;

    private SchemaPart(JsonNode node, String path) {
        this.node = node;
        this.path = path;
    }

    /**
     * Returns a schema whose keywords are all known, without its annotations.
     *
     * @param path its JSON pointer, for messages
     */
    static SchemaPart of(JsonNode node, String path) throws InvalidConstraintException {
        if (node.isBoolean()) {
            return new SchemaPart(node, path);
        }
        if (!(node instanceof ObjectNode object)) {
            throw new InvalidConstraintException(
                    path, "found " + SchemaValues.shown(node) + ", expected a schema: an object, true or false");
        }
        ObjectNode assertions = object.objectNode();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            String keyword = field.getKey();
            if (ASSERTIONS.contains(keyword)) {
                assertions.set(keyword, field.getValue());
            } else if (!ANNOTATIONS.contains(keyword) && !(keyword.equals("$id") && path.isEmpty())) {
                throw new InvalidConstraintException(
                        path,
                        "found the keyword '" + SchemaValues.shortened(keyword) + "', which is not supported; expected "
                                + String.join(", ", ASSERTIONS.stream().sorted().toList()));
            }
        }
        return new SchemaPart(assertions, path);
    }

    String path() {
        return path;
    }

    int size() {
        return node.size();
    }

    /** Returns the number of keywords, and of the entries of those that are arrays. */
    int entries() {
        int entries = node.size();
        for (JsonNode value : node) {
            entries += value.isArray() ? value.size() : 0;
        }
        return entries;
    }

    boolean isBoolean() {
        return node.isBoolean();
    }

    /** Returns whether this is {@code true} or has no keywords but annotations. */
    boolean allowsAll() {
        return node.isBoolean() ? node.booleanValue() : node.isEmpty();
    }

    boolean has(String keyword) {
        return node.has(keyword);
    }

    JsonNode get(String keyword) {
        return node.get(keyword);
    }

    /** Returns the schema that a keyword has. */
    SchemaPart child(String keyword) throws InvalidConstraintException {
        return of(node.get(keyword), path + "/" + keyword);
    }

    SchemaPart without(String keyword) {
        ObjectNode rest = copy();
        rest.remove(keyword);
        return new SchemaPart(rest, path);
    }

    private ObjectNode copy() {
        ObjectNode object = (ObjectNode) node;
        return object.objectNode().setAll(object);
    }

    /** Returns the schema of what is valid under both, with the path of this. */
    SchemaPart and(SchemaPart other) throws InvalidConstraintException {
        if (other.allowsAll() || (isBoolean() && !allowsAll())) {
            return this;
        }
        if (allowsAll()) {
            return new SchemaPart(other.node, path);
        }
        ObjectNode both = copy();
        for (Map.Entry<String, JsonNode> field : other.node.properties()) {
            String keyword = field.getKey();
            if (keyword.equals("type") && has("type")) {
                both.set("type", typesOfBoth(other));
            } else if (keyword.equals("required") && has("required")) {
                Set<String> names = new LinkedHashSet<>(required());
                names.addAll(other.required());
                both.set(
                        "required",
                        both.arrayNode()
                                .addAll(names.stream().map(both::textNode).toList()));
            } else if (has(keyword)) {
                throw refused(
                        "'" + keyword + "' both here and beside the 'anyOf' or '$ref' that leads here",
                        "it in one of the two places");
            } else {
                both.set(keyword, field.getValue());
            }
        }
        if ((has("properties") && other.has("additionalProperties"))
                || (has("additionalProperties") && other.has("properties"))) {
            throw refused(
                    "'properties' and 'additionalProperties' on different sides of an 'anyOf' or '$ref'",
                    "both in one of the two places");
        }
        return new SchemaPart(both, path);
    }

    private JsonNode typesOfBoth(SchemaPart other) throws InvalidConstraintException {
        Set<String> types = new LinkedHashSet<>();
        for (String type : types()) {
            boolean number = type.equals("number");
            if (other.types().contains(type)
                    || (type.equals("integer") && other.types().contains("number"))) {
                types.add(type);
            } else if (number && other.types().contains("integer")) {
                types.add("integer");
            }
        }
        ObjectNode both = copy();
        return both.arrayNode().addAll(types.stream().map(both::textNode).toList());
    }

    /** Returns the allowed types; all if the schema names none. */
    Set<String> types() throws InvalidConstraintException {
        JsonNode type = node.get("type");
        if (type == null) {
            return TYPES;
        }
        Set<String> types = new LinkedHashSet<>();
        List<JsonNode> named = new ArrayList<>();
        if (type.isArray()) {
            type.forEach(named::add);
        } else {
            named.add(type);
        }
        for (JsonNode name : named) {
            if (!name.isTextual() || !TYPES.contains(name.textValue())) {
                throw refused("type", name, String.join(", ", TYPES) + ", or an array of these");
            }
            types.add(name.textValue());
        }
        return types;
    }

    List<String> required() throws InvalidConstraintException {
        List<String> names = new ArrayList<>();
        if (has("required")) {
            if (!node.get("required").isArray()) {
                throw refused("required", node.get("required"), "an array of names");
            }
            for (JsonNode name : node.get("required")) {
                if (!name.isTextual()) {
                    throw refused("required", name, "names, each a string");
                }
                SchemaValues.requireWellFormed(name.textValue(), path + "/required");
                names.add(name.textValue());
            }
        }
        return names;
    }

    /** Returns a keyword that counts characters or items. */
    int count(String keyword, int ifMissing) throws InvalidConstraintException {
        JsonNode value = node.get(keyword);
        if (value == null) {
            return ifMissing;
        }
        BigInteger count = value.isNumber() ? bound(keyword, RoundingMode.FLOOR) : null;
        if (count == null
                || count.signum() < 0
                || value.decimalValue().stripTrailingZeros().scale() > 0) {
            throw refused(keyword, value, "an integer of 0 or more");
        }
        if (count.compareTo(BigInteger.valueOf(LARGEST_COUNT)) > 0) {
            throw refused(keyword, value, "at most " + LARGEST_COUNT);
        }
        return count.intValue();
    }

    /** Returns the integers within the bounds; the numeric values count, so that 2.5 as a minimum lets 3 through. */
    Shape.Integers integers() throws InvalidConstraintException {
        BigInteger min = bound("minimum", RoundingMode.CEILING);
        BigInteger max = bound("maximum", RoundingMode.FLOOR);
        BigInteger above = bound("exclusiveMinimum", RoundingMode.FLOOR);
        BigInteger below = bound("exclusiveMaximum", RoundingMode.CEILING);
        if (above != null) {
            above = above.add(BigInteger.ONE);
            min = min == null ? above : min.max(above);
        }
        if (below != null) {
            below = below.subtract(BigInteger.ONE);
            max = max == null ? below : max.min(below);
        }
        // Where a bound is missing, integers stay within 64 bits, unless the other bound lies outside.
        if (max == null && (min == null || min.compareTo(LARGEST) <= 0)) {
            max = LARGEST;
        }
        if (min == null && (max == null || max.compareTo(SMALLEST) >= 0)) {
            min = SMALLEST;
        }
        return new Shape.Integers(min, max);
    }

    private BigInteger bound(String keyword, RoundingMode rounding) throws InvalidConstraintException {
        JsonNode value = node.get(keyword);
        if (value == null) {
            return null;
        }
        if (!value.isNumber()) {
            throw refused(keyword, value, "a number");
        }
        BigDecimal decimal = value.decimalValue();
        if (decimal.signum() != 0 && Math.abs((long) decimal.precision() - decimal.scale()) > MOST_DIGITS) {
            throw refused(keyword, value, "at most " + MOST_DIGITS + " digits");
        }
        return decimal.setScale(0, rounding).toBigInteger();
    }

    InvalidConstraintException refused(String keyword, JsonNode value, String expected) {
        return new InvalidConstraintException(
                path + "/" + keyword, "found " + SchemaValues.shown(value) + ", expected " + expected);
    }

    InvalidConstraintException refused(String found, String expected) {
        return new InvalidConstraintException(path, "found " + found + ", expected " + expected);
    }
}
