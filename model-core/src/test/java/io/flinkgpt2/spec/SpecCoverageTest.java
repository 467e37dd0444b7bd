package io.flinkgpt2.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.spec.TestSources.RowTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every row of the specification has tests, and the document that lists them says what the sources say. */
class SpecCoverageTest {

    private final Path root = TestSources.root();

    @Test
    void everyRowHasATestAndEveryNumberIsARow() throws IOException {
        List<RowTest> tests = TestSources.rowTests(root);
        List<String> rows = SpecRow.all().stream().map(SpecRow::id).toList();
        assertThat(rows).hasSize(26 + 12 + 9).doesNotHaveDuplicates();
        Set<String> proven =
                tests.stream().flatMap(test -> test.rows().stream()).collect(Collectors.toSet());
        assertThat(rows).as("rows of the specification").containsExactlyInAnyOrderElementsOf(proven);
    }

    @Test
    void noTwoTestsOfAClassHaveTheSameName() throws IOException {
        assertThat(TestSources.rowTests(root).stream().map(test -> test.file() + " " + test.method()))
                .doesNotHaveDuplicates();
    }

    @Test
    void theDocumentSaysWhatTheSourcesSay() throws IOException {
        Path document = root.resolve(SpecCoverage.DOCUMENT);
        String expected = SpecCoverage.document(root);
        if (Boolean.getBoolean("spec.coverage.write")) {
            Files.writeString(document, expected);
        }
        assertThat(Files.readString(document))
                .as("%s; -Dspec.coverage.write=true writes it anew", SpecCoverage.DOCUMENT)
                .isEqualTo(expected);
    }
}
