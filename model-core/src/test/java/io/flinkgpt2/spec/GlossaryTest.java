package io.flinkgpt2.spec;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The glossary is in order, and the classes that it names exist. */
class GlossaryTest {

    private static final String NONE = "–";

    private final Path root = TestSources.root();

    /** A row of the glossary; the class is in code font, or a dash. */
    private record Term(String name, String meaning, String type) {}

    private List<Term> terms() throws IOException {
        List<Term> terms = new ArrayList<>();
        for (String line : Files.readAllLines(root.resolve("docs/glossary.md"))) {
            if (line.startsWith("| ") && !line.startsWith("| term |")) {
                String[] cells = line.split("(?<!\\\\)\\|");
                assertThat(cells).as(line).hasSize(4);
                terms.add(new Term(cells[1].strip(), cells[2].strip(), cells[3].strip()));
            }
        }
        return terms;
    }

    /** Source of every class of the product, by its name without a package. */
    private Map<String, Path> sources() throws IOException {
        Map<String, Path> sources = new HashMap<>();
        for (String module : List.of("model-core", "deploy/local", "job", "deploy/cli")) {
            try (Stream<Path> files = Files.walk(root.resolve(module).resolve("src/main/java"))) {
                files.filter(file -> file.toString().endsWith(".java"))
                        .forEach(file ->
                                sources.put(file.getFileName().toString().replace(".java", ""), file));
            }
        }
        return sources;
    }

    @Test
    void termsAreManyAndInTheOrderOfTheAlphabet() throws IOException {
        List<Term> terms = terms();
        assertThat(terms).hasSizeGreaterThanOrEqualTo(44);
        assertThat(terms.stream().map(Term::name))
                .doesNotHaveDuplicates()
                .isSortedAccordingTo(String::compareToIgnoreCase);
        assertThat(terms).allSatisfy(term -> assertThat(term.meaning()).endsWith("."));
    }

    @Test
    void everyClassExists() throws IOException {
        Map<String, Path> sources = sources();
        for (Term term : terms()) {
            if (term.type().equals(NONE)) {
                continue;
            }
            assertThat(term.type()).as(term.name()).matches("`[\\w.]+`");
            String[] names = term.type().replace("`", "").split("\\.", -1);
            assertThat(sources).as(term.name()).containsKey(names[0]);
            String source = Files.readString(sources.get(names[0]));
            for (String name : names) {
                assertThat(source)
                        .as("%s: %s", term.name(), term.type())
                        .containsPattern("\\b(class|record|enum|interface) " + Pattern.quote(name) + "\\b");
            }
        }
    }
}
