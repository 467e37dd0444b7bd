package io.flinkgpt2.constraint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A constraint beside checks that know nothing of this project.
 *
 * @param matches whether a text matches
 * @param mayBegin whether a match may begin with a text; true where the check cannot tell
 */
record CheckedConstraint(ConstraintSource source, Predicate<String> matches, Predicate<String> mayBegin) {
    private static final ObjectMapper STRICT =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final Pattern BOUNDED_REPEAT = Pattern.compile("\\{\\d(,\\d)?}");
    private static final Pattern UNICODE = Pattern.compile("[^\\x00-\\x7f]|\\\\[pP]|\\\\u|\\\\x\\{1F");
    private static final String CHARACTERS = "abc AB.,\"\\01日本éüßΩ😀🇩\n";

    /** Returns regexes with characters outside of ASCII, or classes of them, and bounded repeats. */
    static List<CheckedConstraint> regexes(SplittableRandom random, int count) {
        RandomRegex regexes = new RandomRegex(random);
        List<CheckedConstraint> constraints = new ArrayList<>();
        while (constraints.size() < count) {
            String regex = regexes.next();
            if (BOUNDED_REPEAT.matcher(regex).find() && UNICODE.matcher(regex).find()) {
                addUnlessRefused(constraints, ConstraintSource.regex(regex));
            }
        }
        return constraints;
    }

    static List<CheckedConstraint> schemas(SplittableRandom random, int count) {
        List<CheckedConstraint> constraints = new ArrayList<>();
        while (constraints.size() < count) {
            addUnlessRefused(constraints, ConstraintSource.jsonSchema(RandomSchema.next(random)));
        }
        return constraints;
    }

    /** Returns choices among 1..12 texts, some of which begin with others. */
    static List<CheckedConstraint> choices(SplittableRandom random, int count) {
        int[] characters = CHARACTERS.codePoints().toArray();
        List<CheckedConstraint> constraints = new ArrayList<>();
        while (constraints.size() < count) {
            List<String> texts = new ArrayList<>();
            for (int i = random.nextInt(1, 13); i > 0; i--) {
                StringBuilder text = new StringBuilder();
                if (!texts.isEmpty() && random.nextInt(3) == 0) {
                    text.append(texts.get(random.nextInt(texts.size())));
                }
                for (int length = random.nextInt(1, 12); length > 0; length--) {
                    text.appendCodePoint(characters[random.nextInt(characters.length)]);
                }
                texts.add(text.toString());
            }
            constraints.add(choice(texts));
        }
        return constraints;
    }

    static CheckedConstraint regex(String regex) {
        Pattern pattern = Pattern.compile(regex);
        return new CheckedConstraint(
                ConstraintSource.regex(regex), text -> pattern.matcher(text).matches(), text -> {
                    Matcher matcher = pattern.matcher(text);
                    return matcher.matches() || matcher.hitEnd();
                });
    }

    static CheckedConstraint schema(String schema) {
        JsonSchema validator =
                JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(schema);
        return json(
                ConstraintSource.jsonSchema(schema),
                value -> validator.validate(value).isEmpty());
    }

    static CheckedConstraint jsonObject() {
        return json(ConstraintSource.jsonObject(), JsonNode::isObject);
    }

    private static CheckedConstraint json(ConstraintSource source, Predicate<JsonNode> valid) {
        Predicate<String> matches = text -> {
            try {
                return valid.test(STRICT.readTree(text));
            } catch (JsonProcessingException e) {
                return false;
            }
        };
        return new CheckedConstraint(source, matches, text -> true);
    }

    static CheckedConstraint choice(List<String> texts) {
        return new CheckedConstraint(
                ConstraintSource.choice(texts),
                texts::contains,
                text -> texts.stream().anyMatch(one -> one.startsWith(text)));
    }

    /** Returns the names of all fields of the schemas, keywords among them. */
    static Set<String> fieldNames(List<CheckedConstraint> schemas) throws JsonProcessingException {
        Set<String> names = new HashSet<>();
        for (CheckedConstraint schema : schemas) {
            addFieldNames(STRICT.readTree(schema.source.texts().get(0)), names);
        }
        return names;
    }

    private static void addFieldNames(JsonNode node, Set<String> names) {
        node.fieldNames().forEachRemaining(names::add);
        node.forEach(child -> addFieldNames(child, names));
    }

    /** Adds a random constraint if some text matches it, and its alternatives do not begin alike. */
    private static void addUnlessRefused(List<CheckedConstraint> constraints, ConstraintSource source) {
        try {
            Walks.automaton(source);
        } catch (InvalidConstraintException e) {
            return; // the differential tests look at refusals
        }
        String text = source.texts().get(0);
        constraints.add(source.kind() == ConstraintSource.Kind.REGEX ? regex(text) : schema(text));
    }
}
