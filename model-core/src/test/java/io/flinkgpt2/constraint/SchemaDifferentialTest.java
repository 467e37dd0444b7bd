package io.flinkgpt2.constraint;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random schemas: texts generated under them are valid for a validator that knows nothing of this project. */
class SchemaDifferentialTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final JsonSchemaFactory validators = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    @Test
    void randomTextsAreValid() throws Exception {
        compare(2, 400);
    }

    @Test
    @Tag("full")
    void moreRandomTextsAreValid() throws Exception {
        compare(4, 10_000);
    }

    private void compare(int seed, int schemas) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        int valid = 0;
        int taken = 0;
        for (int i = 0; i < schemas; i++) {
            String schema = RandomSchema.next(random);
            ConstraintAutomaton automaton;
            try {
                automaton = Walks.automaton(ConstraintSource.jsonSchema(schema));
            } catch (InvalidConstraintException e) {
                assertThat(e).hasMessageMatching("(?s).*(no text matches|begin alike|in one of the two places).*");
                continue;
            }
            taken++;
            JsonSchema validator = validators.getSchema(schema);
            for (int j = 0; j < 10; j++) {
                String text = Walks.randomText(automaton, random, 2000);
                if (text != null) {
                    valid++;
                    check(validator, schema, text);
                }
            }
        }
        assertThat(taken).isGreaterThan(schemas * 2 / 3);
        assertThat(valid).isGreaterThan(schemas * 5);
    }

    @Test
    void randomTokensOfGpt2AreValid() throws Exception {
        SplittableRandom random = new SplittableRandom(3);
        Tokenizer tokenizer = Tokenizer.gpt2();
        ConstraintCompiler compiler = new ConstraintCompiler(tokenizer, tokenizer.vocabularySize(), 16 << 20);
        int valid = 0;
        for (int i = 0; i < 30; i++) {
            String schema = RandomSchema.next(random);
            Constraint constraint;
            try {
                constraint = compiler.compile(ConstraintSource.jsonSchema(schema));
            } catch (InvalidConstraintException e) {
                continue;
            }
            JsonSchema validator = validators.getSchema(schema);
            for (int j = 0; j < 2; j++) {
                String text = Walks.randomTokens(constraint, tokenizer, tokenizer.vocabularySize(), random, 150);
                if (text != null) {
                    valid++;
                    check(validator, schema, text);
                }
            }
        }
        assertThat(valid).isGreaterThan(20);
        assertThat(compiler.cachedBytes()).isLessThanOrEqualTo(16 << 20);
    }

    private static void check(JsonSchema validator, String schema, String text) throws Exception {
        JsonNode value = MAPPER.readTree(text);
        assertThat(validator.validate(value)).as("%s under %s", text, schema).isEmpty();
        // JsonNode keeps the order of keys and spells as compactly; it writes \u000B and numbers in its own way.
        if (!text.contains("\\u") && !text.matches("(?s).*\\d.*")) {
            assertThat(value.toString()).isEqualTo(text);
        }
    }
}
