package io.flinkgpt2.constraint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The examples of docs/constraints.md say the truth. */
class ConstraintDocsTest {

    @Test
    void examplesSayTheTruth() throws Exception {
        ConstraintSource source = null;
        boolean inside = false;
        int checked = 0;
        for (String line : Files.readAllLines(Path.of("../docs/constraints.md"))) {
            if (line.startsWith("```")) {
                inside = line.equals("```examples");
            } else if (inside) {
                String[] parts = line.split("\\s+", 2);
                String text = parts[1];
                switch (parts[0]) {
                    case "choice" -> source = ConstraintSource.choice(List.of(text.split("\\|")));
                    case "regex" -> source = ConstraintSource.regex(text);
                    case "schema" -> source = ConstraintSource.jsonSchema(text);
                    case "yes" ->
                        assertThat(Walks.matches(Walks.automaton(source), text))
                                .as("%s, %s", source, text)
                                .isTrue();
                    case "no" ->
                        assertThat(Walks.matches(Walks.automaton(source), text))
                                .as("%s, %s", source, text)
                                .isFalse();
                    case "refused" -> {
                        ConstraintSource refused = source;
                        assertThatThrownBy(() -> Walks.automaton(refused))
                                .as("%s", source)
                                .isInstanceOf(InvalidConstraintException.class)
                                .hasMessageContaining(text);
                    }
                    default -> throw new AssertionError(line);
                }
                checked++;
            }
        }
        assertThat(checked).isGreaterThan(80);
    }
}
