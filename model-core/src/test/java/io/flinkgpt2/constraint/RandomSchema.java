package io.flinkgpt2.constraint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.SplittableRandom;

/** Random schemas that use every keyword of the subset. */
final class RandomSchema {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String[] NAMES = {"a", "ab", "abc", "b", "é\"\\\n", "", "日本", "x y", "/~", "😀"};
    private static final String[] PATTERNS = {
        "^[a-z]{1,3}$",
        "a|^b",
        "\\d",
        "^(foo|bar)+$",
        "[^a]",
        "^\\p{L}+$",
        "\"",
        "^a.c$|\\\\",
        "^.{2,3}$",
        "^\\s*$",
        "x{2}",
        "^[\\x{1F600}-\\x{1F602}]*$"
    };

    private final SplittableRandom random;
    private final ObjectNode definitions = MAPPER.createObjectNode();

    private RandomSchema(SplittableRandom random) {
        this.random = random;
    }

    static String next(SplittableRandom random) {
        RandomSchema schema = new RandomSchema(random);
        // Later definitions may refer to earlier ones.
        for (int i = 0; i < 3; i++) {
            schema.definitions.set("d" + i, schema.schema(1));
        }
        ObjectNode root = schema.schema(3);
        root.put("$schema", "https://json-schema.org/draft/2020-12/schema").put("title", "random");
        // Validators may keep what they read under its id.
        root.put("$id", "https://example.org/" + random.nextLong());
        root.putObject("definitions").put("old", true);
        return root.set("$defs", schema.definitions).toString();
    }

    /** Returns a schema that may be true or false. */
    private JsonNode part(int depth) {
        return switch (random.nextInt(16)) {
            case 0 -> BooleanNode.TRUE;
            case 1 -> BooleanNode.FALSE;
            default -> schema(depth);
        };
    }

    private ObjectNode schema(int depth) {
        ObjectNode schema = MAPPER.createObjectNode();
        annotate(schema);
        switch (random.nextInt(depth > 0 ? 12 : 7)) {
            case 0 -> strings(schema);
            case 1 -> integers(schema);
            case 2 -> schema.put("type", pick("number", "boolean", "null"));
            case 3 -> schema.set("enum", values(random.nextInt(1, 4)));
            case 4 -> schema.set("const", values(1).get(0));
            case 5 -> {
                if (!definitions.isEmpty()) {
                    schema.put("$ref", "#/$defs/d" + random.nextInt(definitions.size()));
                }
            }
            case 6 -> {
                schema.putArray("type").add("string").add("integer").add("null");
                schema.put("minLength", 1).put("maximum", 5);
            }
            case 7, 8 -> arrays(schema, depth);
            case 9 -> {
                ArrayNode options = schema.putArray("anyOf");
                for (int i = random.nextInt(1, 4); i > 0; i--) {
                    options.add(part(depth - 1));
                }
            }
            default -> objects(schema, depth);
        }
        return schema;
    }

    private void annotate(ObjectNode schema) {
        switch (random.nextInt(32)) {
            case 0, 1 -> schema.put("description", "one of many");
            case 2 -> schema.put("$comment", "of no effect");
            case 3 -> schema.put("default", 1).put("deprecated", true);
            case 4 -> schema.putArray("examples").add("a");
            case 5 -> schema.put("readOnly", true);
            case 6 -> schema.put("writeOnly", false);
            default -> {}
        }
    }

    private void strings(ObjectNode schema) {
        schema.put("type", "string");
        int min = random.nextInt(4);
        if (random.nextBoolean()) {
            schema.put("minLength", min);
        }
        if (random.nextBoolean()) {
            schema.put("maxLength", min + random.nextInt(4));
        }
        if (random.nextInt(3) != 0) {
            schema.put("pattern", PATTERNS[random.nextInt(PATTERNS.length)]);
        }
    }

    private void integers(ObjectNode schema) {
        schema.put("type", "integer");
        long min = random.nextLong(-2000, 2000) * (random.nextInt(4) == 0 ? 1_000_000_000_000L : 1);
        if (random.nextBoolean()) {
            schema.put(pick("minimum", "exclusiveMinimum"), min);
        }
        if (random.nextBoolean()) {
            schema.put(pick("maximum", "exclusiveMaximum"), min + 2 + random.nextInt(3000));
        }
    }

    private void arrays(ObjectNode schema, int depth) {
        schema.put("type", "array");
        if (random.nextInt(4) != 0) {
            schema.set("items", part(depth - 1));
        }
        int min = random.nextInt(3);
        if (random.nextBoolean()) {
            schema.put("minItems", min);
        }
        if (random.nextBoolean()) {
            schema.put("maxItems", min + random.nextInt(3));
        }
    }

    private void objects(ObjectNode schema, int depth) {
        if (random.nextInt(4) != 0) {
            schema.put("type", "object");
        }
        ObjectNode properties = schema.putObject("properties");
        for (int i = random.nextInt(5); i > 0; i--) {
            properties.set(NAMES[random.nextInt(NAMES.length)], part(depth - 1));
        }
        ArrayNode required = schema.putArray("required");
        for (String name : NAMES) {
            if (random.nextInt(6) == 0) {
                required.add(name);
            }
        }
        switch (random.nextInt(4)) {
            case 0 -> schema.put("additionalProperties", true);
            case 1 -> schema.set("additionalProperties", schema(0));
            case 2 -> schema.put("additionalProperties", false);
            default -> {}
        }
    }

    private ArrayNode values(int count) {
        ArrayNode values = MAPPER.createArrayNode();
        for (int i = 0; i < count; i++) {
            switch (random.nextInt(7)) {
                case 0 -> values.add(NAMES[random.nextInt(NAMES.length)]);
                case 1 -> values.add(random.nextInt(-100, 100));
                case 2 -> values.add(random.nextBoolean());
                case 3 -> values.addNull();
                case 4 -> values.add(random.nextInt(100) / 4.0);
                case 5 -> values.addArray().add(1).add("x").addObject().put("k", "\u0001");
                default -> values.addObject().put("b", 1).putArray("a");
            }
        }
        return values;
    }

    private String pick(String... options) {
        return options[random.nextInt(options.length)];
    }
}
