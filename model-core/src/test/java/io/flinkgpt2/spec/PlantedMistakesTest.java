package io.flinkgpt2.spec;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.spec.SpecRow.Section;
import io.flinkgpt2.spec.TestSources.RowTest;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The tests bite: a mistake in what a row asks for turns a test of this row red. */
class PlantedMistakesTest {

    private static final Path SOURCES = Path.of("src", "main", "java");

    private final List<PlantedMistake> mistakes = PlantedMistakes.all();

    @Test
    void everyMistakeCanBePlantedInTheSourcesAsTheyAre() throws IOException {
        for (PlantedMistake mistake : mistakes) {
            assertThat(mistake.plantedSource(SOURCES)).isNotEqualTo(Files.readString(mistake.file(SOURCES)));
        }
        assertThat(mistakes.stream().map(PlantedMistake::toString)).doesNotHaveDuplicates();
    }

    @Test
    void everyRowButThePitfallsHasAMistake() {
        Set<String> rows = mistakes.stream().map(PlantedMistake::row).collect(Collectors.toSet());
        assertThat(rows)
                .containsExactlyInAnyOrderElementsOf(SpecRow.all().stream()
                        .filter(row -> row.section() != Section.PITFALLS)
                        .map(SpecRow::id)
                        .toList());
    }

    @Test
    void everyMistakeIsForATestOfItsRow() throws IOException {
        List<RowTest> tests = TestSources.rowTests(TestSources.root());
        assertThat(mistakes)
                .allSatisfy(mistake -> assertThat(SpecCoverage.proves(tests, mistake.test(), mistake.row()))
                        .as("%s has the number %s", mistake.test(), mistake.row())
                        .isTrue());
    }

    @Test
    @Tag("full")
    void everyPlantedMistakeIsCaught() throws IOException, InterruptedException {
        Path output = Files.createTempFile("planted-mistakes", ".txt");
        Process run = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules=jdk.incubator.vector",
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PlantedMistakesRun.class.getName(),
                        SOURCES.toString(),
                        folderOf(Tokenizer.class).toString(),
                        folderOf(PlantedMistakesRun.class).toString())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int exitCode = run.waitFor();
        String printed = Files.readString(output, StandardCharsets.UTF_8);
        Files.delete(output);
        printed.lines().filter(line -> line.startsWith("planted mistakes: ")).forEach(System.out::println);
        assertThat(printed).contains("planted mistakes: " + mistakes.size() + ", caught: " + mistakes.size());
        assertThat(exitCode).as(printed).isZero();
    }

    private static Path folderOf(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
