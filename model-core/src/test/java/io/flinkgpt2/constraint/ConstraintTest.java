package io.flinkgpt2.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that each kind of constraint matches, and sources that it refuses. */
class ConstraintTest {

    private static boolean matches(ConstraintSource source, String text) throws InvalidConstraintException {
        return Walks.matches(Walks.automaton(source), text);
    }

    private static void assertRefused(ConstraintSource source, String param, String message) {
        assertThatThrownBy(() -> Walks.automaton(source))
                .isInstanceOfSatisfying(
                        InvalidConstraintException.class,
                        e -> assertThat(e.param()).isEqualTo(param))
                .hasMessageContaining(message);
    }

    @Test
    void choicesMatchThemselvesOnly() throws Exception {
        ConstraintSource source = ConstraintSource.choice(List.of("a", "ab", "é😀", "", "a"));
        for (String text : List.of("a", "ab", "é😀", "")) {
            assertThat(matches(source, text)).as(text).isTrue();
        }
        for (String text : List.of("b", "abc", "é", "aa")) {
            assertThat(matches(source, text)).as(text).isFalse();
        }
        assertRefused(ConstraintSource.choice(List.of()), "", "no choices");
        assertRefused(ConstraintSource.choice(List.of("a", "\ud800")), "/1", "lone surrogate U+D800");
    }

    @Test
    void tenThousandChoices() throws Exception {
        List<String> choices = IntStream.range(0, 10_000)
                .mapToObj(i -> "answer " + Integer.toString(i * 7919, 36))
                .toList();
        ConstraintAutomaton automaton = Walks.automaton(ConstraintSource.choice(choices));
        assertThat(choices).allMatch(choice -> Walks.matches(automaton, choice));
        assertThat(Walks.matches(automaton, "answer")).isFalse();
    }

    @Test
    void aSchemaOfAdditionalPropertiesThatAllowsAllRestrictsNothing() throws Exception {
        for (String additional : List.of("true", "{}", "{\"description\":\"any\"}")) {
            ConstraintSource source =
                    ConstraintSource.jsonSchema("{\"type\":\"object\",\"additionalProperties\":" + additional + "}");
            assertThat(matches(source, "{\"a\":[1]}")).as(additional).isTrue();
        }
    }

    @Test
    void regexesThatMatchNothingAreRefused() {
        assertRefused(ConstraintSource.regex(""), "", "an empty regex");
        assertRefused(ConstraintSource.regex("[a&&b]"), "", "no text matches");
        assertRefused(ConstraintSource.regex("a\\p{Cs}"), "", "no text matches");
        assertRefused(ConstraintSource.regex("\ud83d"), "", "lone surrogate U+D83D at character 1");
        assertRefused(ConstraintSource.regex("a\\uD83Db"), "", "lone surrogate");
        assertRefused(ConstraintSource.regex("a|\\\ud83d"), "", "lone surrogate U+D83D at character 4");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "(a § ')' for each '('",
                "a) § closes no group",
                "[a § ']' for each '['",
                "*a § nothing to repeat",
                "a{ § no number",
                "a{,3} § no number",
                "a{3,2} § a maximum of at least the minimum",
                "a{9999999} § a bound over 1000000",
                "a** § a quantifier right after another",
                "\\k<a> § a back-reference",
                "a\\ § the end of the regex",
                "\\p{Nothing} § a character property",
                "[b-a] § a range whose end is below",
                "(?<1>a) § a group name",
                "\\x{110000} § over 10FFFF",
                "\\xg1 § a hexadecimal digit",
                "a$b § more behind the anchor",
                "(a$) § the anchor $",
                "\\N{DIGIT ONE} § the escape \\N",
                "[a&&^b] § '^'",
                "(?#x) § flags",
                "\\G § the boundary",
                "\\0 § octal"
            })
    void malformedRegexesAreRefusedByName(String regex, String message) {
        assertRefused(ConstraintSource.regex(regex), "", message);
    }

    @Test
    void anchorsOfSearchedPatternsHoldForTheirAlternative() throws Exception {
        ConstraintSource source = ConstraintSource.jsonSchema("{\"type\":\"string\",\"pattern\":\"^a|b$\"}");
        for (String text : List.of("\"a\"", "\"ax\"", "\"xb\"", "\"b\"")) {
            assertThat(matches(source, text)).as(text).isTrue();
        }
        for (String text : List.of("\"xa\"", "\"bx\"", "\"\"")) {
            assertThat(matches(source, text)).as(text).isFalse();
        }
    }

    @Test
    void patternAndLengthHoldTogetherWhereCharactersAreEscaped() throws Exception {
        ConstraintSource source = ConstraintSource.jsonSchema(
                "{\"type\":\"string\",\"pattern\":\"^[\\\\n\\\"x\\\\x01😀]*$\",\"minLength\":2,\"maxLength\":3}");
        for (String text : List.of("\"\\n\\\"\"", "\"\\u0001x😀\"", "\"😀😀\"")) {
            assertThat(matches(source, text)).as(text).isTrue();
        }
        for (String text : List.of("\"\\n\"", "\"xxxx\"", "\"\n\n\"", "\"\\u0001\\u000a\"", "\"yy\"")) {
            assertThat(matches(source, text)).as(text).isFalse();
        }
    }

    @Test
    void integersStayWithinTheirBounds() throws Exception {
        SplittableRandom random = new SplittableRandom(5);
        List<Long> numbers = new ArrayList<>(
                List.of(Long.MIN_VALUE, -1000L, -100L, -10L, -1L, 0L, 1L, 9L, 10L, 99L, 100L, Long.MAX_VALUE));
        for (int i = 0; i < 30; i++) {
            numbers.add(random.nextLong() >> random.nextInt(1, 64));
        }
        for (int i = 0; i < 200; i++) {
            long a = numbers.get(random.nextInt(numbers.size()));
            long b = numbers.get(random.nextInt(numbers.size()));
            long min = Math.min(a, b);
            long max = Math.max(a, b);
            ConstraintAutomaton automaton = Walks.automaton(ConstraintSource.jsonSchema(
                    "{\"type\":\"integer\",\"minimum\":" + min + ",\"maximum\":" + max + "}"));
            List<BigInteger> probes =
                    new ArrayList<>(numbers.stream().map(BigInteger::valueOf).toList());
            for (long bound : new long[] {min, max}) {
                probes.add(BigInteger.valueOf(bound).add(BigInteger.ONE));
                probes.add(BigInteger.valueOf(bound).subtract(BigInteger.ONE));
            }
            for (BigInteger probe : probes) {
                boolean within =
                        probe.compareTo(BigInteger.valueOf(min)) >= 0 && probe.compareTo(BigInteger.valueOf(max)) <= 0;
                assertThat(Walks.matches(automaton, probe.toString()))
                        .as("%s in %s..%s", probe, min, max)
                        .isEqualTo(within);
            }
            for (String text : List.of("-0", "00", "01", "+1", "1.0", "1e1", "-", "")) {
                assertThat(Walks.matches(automaton, text)).as(text).isFalse();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "true", "{\"title\":\"x\"}"})
    void schemasWithoutKeywordsAllowAnyValue(String schema) throws Exception {
        ConstraintSource source = ConstraintSource.jsonSchema(schema);
        for (String text : List.of(
                "null",
                "true",
                "-0.5e+10",
                "0",
                "\"\\u0000\\\\\"",
                "[]",
                "{}",
                "[[],{\"\":[1,\"x\"]}]",
                "{\"a\":{},\"a\":[null]}")) {
            assertThat(matches(source, text)).as(text).isTrue();
        }
        for (String text : List.of(
                "", "nul", "01", "1.", "[1,]", "{\"a\"}", "{,}", "[ 1]", "\"\\u0041\"", "\"\\/\"", "[}", "{\"a\":1]")) {
            assertThat(matches(source, text)).as(text).isFalse();
        }
    }

    @Test
    void freeValuesEndAtTheirDepth() throws Exception {
        ConstraintSource source = ConstraintSource.jsonObject();
        int inner = FreeJson.DEPTH - 1;
        assertThat(matches(source, "{\"a\":" + "[".repeat(inner) + "1" + "]".repeat(inner) + "}"))
                .isTrue();
        assertThat(matches(source, "{\"a\":" + "[".repeat(inner + 1) + "]".repeat(inner + 1) + "}"))
                .isFalse();
        assertThat(matches(source, "[]")).isFalse();
        ConstraintSource nested = ConstraintSource.jsonSchema(
                "{\"properties\":{\"x\":{},\"y\":{\"type\":\"array\"}},\"type\":\"object\"}");
        assertThat(matches(nested, "{\"x\":{\"a\":[{\"b\":[]}]},\"y\":[{}]}")).isTrue();
        assertThat(matches(nested, "{\"x\":{\"a\":[{\"b\":[]}},\"y\":[{}]}")).isFalse();
        assertThat(matches(nested, "{\"x\":[],\"y\":{}}")).isFalse();
    }

    @Test
    void anyOfHoldsBesideOtherKeywords() throws Exception {
        ConstraintSource source = ConstraintSource.jsonSchema(
                "{\"type\":\"object\",\"properties\":{\"a\":{\"const\":1},\"b\":{\"const\":2}},"
                        + "\"additionalProperties\":false,\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}");
        assertThat(matches(source, "{\"a\":1}")).isTrue();
        assertThat(matches(source, "{\"b\":2}")).isTrue();
        assertThat(matches(source, "{}")).isFalse();
        assertRefused(
                ConstraintSource.jsonSchema("{\"minLength\":1,\"anyOf\":[{\"minLength\":2}]}"),
                "/anyOf/0",
                "found 'minLength' both here and beside the 'anyOf'");
        assertRefused(
                ConstraintSource.jsonSchema("{\"additionalProperties\":false,\"anyOf\":[{\"properties\":{}}]}"),
                "/anyOf/0",
                "on different sides");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            quoteCharacter = '`',
            value = {
                "{\"a\" § `` § not JSON",
                "`` § `` § found no schema",
                "3 § `` § found 3, expected a schema",
                "{\"type\":\"text\"} § /type § found \"text\"",
                "{\"properties\":{\"a/b\":{\"minLength\":-1}}} § /properties/a~1b/minLength § 0 or more",
                "{\"maxItems\":1.5} § /maxItems § an integer",
                "{\"items\":[]} § /items § found an array without content, expected a schema",
                "{\"required\":[1]} § /required § names",
                "{\"enum\":3} § /enum § an array",
                "{\"type\":\"integer\",\"minimum\":1e99} § /minimum § 40 digits",
                "{\"$ref\":\"http://a\"} § /$ref § a local one",
                "{\"$ref\":\"#/$defs/a\"} § /$ref § a place that the schema has",
                "{\"$ref\":\"#/$defs/a\",\"$defs\":{\"a\":{\"items\":{\"$ref\":\"#/$defs/a\"}}}} § /$defs/a/items/$ref § leads to itself",
                "{\"anyOf\":[]} § /anyOf § one or more schemas",
                "{\"oneOf\":[true]} § `` § 'oneOf', which is not supported",
                "{\"items\":{\"$id\":\"x\"}} § /items § '$id'",
                "{\"const\":\"\\ud800\"} § /const § lone surrogate",
                "false § `` § no text matches",
                "{\"a\":1,\"a\":2} § `` § found the name 'a' twice",
                "{\"enum\":[]} § `` § no text matches",
                "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":false}} § `` § no text matches",
                "{\"enum\":[1],\"minimum\":0} § `` § 'enum' beside other keywords",
                "{\"pattern\":1} § /pattern § a string"
            })
    void malformedSchemasAreRefusedWithTheirPlace(String schema, String param, String message) {
        assertRefused(ConstraintSource.jsonSchema(schema), param, message);
    }
}
