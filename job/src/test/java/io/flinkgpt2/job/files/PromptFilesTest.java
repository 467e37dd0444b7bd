package io.flinkgpt2.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.apache.flink.connector.file.src.FileSourceSplit;
import org.apache.flink.util.InstantiationUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files are found, by what names, in what order; and how they are cut into ranges. */
class PromptFilesTest {

    @TempDir
    private Path directory;

    @BeforeEach
    void makeFiles() throws IOException {
        for (String name : List.of(
                "b.jsonl",
                "a.txt.gz",
                "sub/c.csv",
                "sub/deep/d.tsv.zst",
                ".hidden.jsonl",
                "_SUCCESS",
                "sub/.run/x.jsonl")) {
            Path file = directory.resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, name);
        }
    }

    private List<PromptFile> find(String... inputs) throws IOException {
        return PromptFiles.find(
                        Arrays.stream(inputs)
                                .map(input -> directory + "/" + input)
                                .toList(),
                        null)
                .list();
    }

    private static List<String> names(List<PromptFile> files) {
        return files.stream().map(PromptFile::name).toList();
    }

    @Test
    void aFileHasItsBareName() throws IOException {
        PromptFile file = find("sub/../sub/c.csv").get(0);

        assertThat(file.name()).isEqualTo("c.csv");
        assertThat(file.path()).isEqualTo("file:" + directory.toRealPath() + "/sub/c.csv");
        assertThat(file.format()).isEqualTo(FileFormat.CSV);
        assertThat(file.length()).isEqualTo("sub/c.csv".length());
        assertThat(file.root()).isZero();
    }

    @Test
    void filesOfADirectoryHaveTheirPathsBelowIt() throws IOException {
        assertThat(names(find(""))).containsExactly("a.txt.gz", "b.jsonl", "sub/c.csv", "sub/deep/d.tsv.zst");
        assertThat(find("").get(3).compression()).isEqualTo(Compression.ZSTD);
        assertThat(find("").get(3).format()).isEqualTo(FileFormat.TSV);
    }

    @Test
    void filesOfAGlobHaveTheirPathsBelowItsFixedPart() throws IOException {
        assertThat(names(find("*.jsonl"))).containsExactly("b.jsonl");
        assertThat(names(find("s*/**"))).containsExactly("sub/c.csv", "sub/deep/d.tsv.zst");
        assertThat(names(find("sub/*.{csv,tsv}"))).containsExactly("c.csv");
        assertThat(names(find("sub/**.zst"))).containsExactly("deep/d.tsv.zst");
    }

    @Test
    void theOrderIsThatOfTheInputsAndThenOfTheNames() throws IOException {
        List<PromptFile> files = find("sub", "b.jsonl", "a.txt.gz");

        assertThat(names(files)).containsExactly("c.csv", "deep/d.tsv.zst", "b.jsonl", "a.txt.gz");
        assertThat(files).extracting(PromptFile::root).containsExactly(0, 0, 1, 2);
    }

    @Test
    void namesWithBlanksAndSignsAreFound() throws IOException {
        for (String name : List.of("a b#c%20d.txt", "ä:ö[1].txt")) {
            Files.writeString(directory.resolve(name), "x");

            assertThat(names(find(name))).containsExactly(name);
            try (RecordReader reader =
                    new FileReaders(ReadOptions.defaults()).open(find(name).get(0))) {
                assertThat(reader.next()).isNotNull();
            }
        }
    }

    @Test
    void aSplitFindsItsFileAgainInAnotherProcess() throws Exception {
        PromptFiles files = PromptFiles.find(List.of(directory + "/sub", directory + "/b.jsonl"), null);
        PromptFiles elsewhere = InstantiationUtil.clone(files);

        for (PromptFile file : files.list()) {
            assertThat(elsewhere.at(new org.apache.flink.core.fs.Path(file.path()), file.length(), file.modified()))
                    .isEqualTo(file);
        }
        assertThatThrownBy(() -> elsewhere.at(new org.apache.flink.core.fs.Path("file:///else/x.jsonl"), 1, 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("x.jsonl");
    }

    @Test
    void whatCannotBeReadAsItWasNamedIsRefusedByName() throws IOException {
        Files.createDirectories(directory.resolve("empty"));
        Files.writeString(directory.resolve("notes.md"), "x");
        Files.writeString(directory.resolve("t.parquet.gz"), "x");

        assertRefused("none.jsonl", "found nothing there");
        assertRefused("empty", "a directory without files");
        assertRefused("*.xml", "no file that it matches");
        assertRefused("nowhere/*.xml", "no file that it matches");
        assertRefused("notes.md", "a name that says no format");
        assertRefused("t.parquet.gz", "compressed as a whole");
        assertThatThrownBy(() -> find("b.jsonl", "*.jsonl"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("b.jsonl: found it twice");
    }

    private void assertRefused(String input, String found) {
        assertThatThrownBy(() -> find(input))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(input)
                .hasMessageContaining(found);
    }

    @Test
    void aFormatThatIsToldCountsForAllNames() throws IOException {
        Files.writeString(directory.resolve("notes.md"), "x");

        List<PromptFile> files = PromptFiles.find(List.of(directory + "/notes.md"), FileFormat.TEXT)
                .list();

        assertThat(files).extracting(PromptFile::format).containsExactly(FileFormat.TEXT);
    }

    @Test
    void rangesCoverLinesAndLeaveOtherFilesWhole() throws IOException {
        byte[] lines = "0123456789abcde\n".repeat(40_000).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        Files.write(directory.resolve("b.jsonl"), lines);
        Files.writeString(directory.resolve("empty.txt"), "");
        List<PromptFile> files =
                PromptFiles.find(List.of(directory.toString()), null).list();

        Collection<FileSourceSplit> splits = new PromptFileRanges(files).enumerateSplits(null, 2);

        List<FileSourceSplit> ofLines = splits.stream()
                .filter(split -> split.path().getName().equals("b.jsonl"))
                .toList();
        assertThat(ofLines).hasSizeBetween(100, 128);
        long next = 0;
        for (FileSourceSplit split : ofLines) {
            assertThat(split.offset()).isEqualTo(next);
            next += split.length();
        }
        assertThat(next).isEqualTo(lines.length);
        assertThat(splits)
                .filteredOn(split -> split.path().getName().equals("c.csv"))
                .hasSize(1);
        assertThat(splits).noneMatch(split -> split.path().getName().equals("empty.txt"));
        assertThat(splits).extracting(FileSourceSplit::splitId).doesNotHaveDuplicates();
    }

    @Test
    void rangesAreHandedOutInOrderAndComeBackToTheFront() {
        List<FileSourceSplit> splits = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            splits.add(new FileSourceSplit("s" + i, new org.apache.flink.core.fs.Path("file:///x"), i, 1, 0, 4));
        }
        RangesInOrder ranges = new RangesInOrder(splits);

        FileSourceSplit first = ranges.getNext(null).orElseThrow();
        FileSourceSplit second = ranges.getNext(null).orElseThrow();
        ranges.addSplits(List.of(first, second));

        assertThat(ranges.remainingSplits()).containsExactlyElementsOf(splits);
        assertThat(first.splitId()).isEqualTo("s0");
    }
}
