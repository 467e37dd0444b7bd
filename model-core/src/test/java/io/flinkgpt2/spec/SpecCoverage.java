package io.flinkgpt2.spec;

import io.flinkgpt2.spec.PlantedMistake.TestName;
import io.flinkgpt2.spec.SpecRow.Section;
import io.flinkgpt2.spec.TestSources.RowTest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The document that shows, for each row of the specification, the tests that prove it and the mistakes they catch. */
final class SpecCoverage {

    /** The document, relative to the project's root. */
    static final String DOCUMENT = "docs/spec-coverage.md";

    private static final String HEAD = """
            # Rules of GPT-2 inference, and the tests that prove them

            The specification numbers its rules, the validation points of a forward pass, and the pitfalls of implementations. A test
            carries the number of what it proves at the start of its name; several numbers, if it proves several. A planted mistake is
            a change of the product that must turn these tests red; the tests of the pitfalls plant theirs themselves.

            This page is written from the sources of the tests, and checked by `SpecCoverageTest` in every build. After a change:

            ```
            mvn -q -pl model-core test -Dtest=SpecCoverageTest -Dspec.coverage.write=true    # writes this page anew
            mvn -B -pl model-core test -Pfull -Dtest=PlantedMistakesTest                     # plants %d mistakes, runs their tests
            ```
            """;

    private SpecCoverage() {}

    static String document(Path root) throws IOException {
        List<RowTest> tests = TestSources.rowTests(root);
        List<PlantedMistake> mistakes = PlantedMistakes.all();
        StringBuilder text = new StringBuilder(HEAD.formatted(mistakes.size()));
        for (Section section : Section.values()) {
            text.append("\n## ").append(section.heading()).append("\n\n");
            SpecRow.all().stream()
                    .filter(row -> row.section() == section)
                    .forEach(row -> text.append("### ")
                            .append(row.id())
                            .append("\n\n")
                            .append(row.rule())
                            .append(row.later().isEmpty() ? "" : " *Not yet: " + row.later() + ".*")
                            .append("\n\n")
                            .append(testsOf(row, tests))
                            .append(mistakesOf(row, mistakes))
                            .append('\n'));
        }
        return text.toString();
    }

    private static String testsOf(SpecRow row, List<RowTest> tests) {
        Map<String, List<RowTest>> byClass = tests.stream()
                .filter(test -> test.rows().contains(row.id()))
                .collect(Collectors.groupingBy(RowTest::file, LinkedHashMap::new, Collectors.toList()));
        return byClass.entrySet().stream()
                .map(entry -> "- [" + entry.getValue().get(0).simpleClassName() + "](../" + entry.getKey() + ")\n"
                        + entry.getValue().stream()
                                .map(test -> "  - `" + test.method() + "`\n")
                                .collect(Collectors.joining()))
                .collect(Collectors.joining());
    }

    private static String mistakesOf(SpecRow row, List<PlantedMistake> mistakes) {
        if (row.section() == Section.PITFALLS) {
            return "";
        }
        String planted = mistakes.stream()
                .filter(mistake -> mistake.row().equals(row.id()))
                .map(mistake -> "- " + mistake.what() + "\n")
                .collect(Collectors.joining());
        return planted.isEmpty() ? "" : "\nPlanted mistakes that they catch:\n\n" + planted;
    }

    /** Whether a test proves a row, by its name. */
    static boolean proves(List<RowTest> tests, TestName name, String row) {
        return tests.stream()
                .anyMatch(test -> test.rows().contains(row)
                        && test.method().equals(name.method())
                        && test.file().endsWith(name.className().replace('.', '/') + ".java"));
    }
}
