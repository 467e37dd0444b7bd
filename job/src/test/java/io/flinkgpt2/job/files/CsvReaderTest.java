package io.flinkgpt2.job.files;

import static io.flinkgpt2.job.files.TestFile.readAll;
import static io.flinkgpt2.job.files.TestFile.withoutLines;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.digest.Digests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables as people have them, and as nobody should. */
class CsvReaderTest {
    @TempDir
    private Path directory;

    @Test
    void aRowIsARequest() throws IOException {
        List<FileRecord> records = read("id,prompt,note\n7,\"Once, upon\",\"a \"\"b\"\"\"\r\n8,,\n");

        assertThat(text(records.get(0)))
                .isEqualTo("{\"prompt\":\"Once, upon\",\"metadata\":{\"id\":\"7\",\"note\":\"a \\\"b\\\"\"}}");
        assertThat(text(records.get(1))).isEqualTo("{\"prompt\":\"\",\"metadata\":{\"id\":\"8\",\"note\":\"\"}}");
        assertThat(records.get(1).line()).isEqualTo(3);
        assertThat(new String(records.get(0).original(), UTF_8)).isEqualTo("7,\"Once, upon\",\"a \"\"b\"\"\"");
    }

    @Test
    void tabsSeparateInTsv() throws IOException {
        PromptFile file = TestFile.write(directory, "a.tsv", "prompt\tx\na, b\t\"c\td\"\n".getBytes(UTF_8));
        try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), 0)) {
            assertThat(text(reader.next())).isEqualTo("{\"prompt\":\"a, b\",\"metadata\":{\"x\":\"c\\td\"}}");
        }
    }

    @Test
    void anotherColumnHoldsThePrompt() throws IOException {
        ReadOptions options = new ReadOptions("note", null);
        try (RecordReader reader = open("id,note\n1,a\n".getBytes(UTF_8), options)) {
            assertThat(text(reader.next())).isEqualTo("{\"prompt\":\"a\",\"metadata\":{\"id\":\"1\"}}");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"prompt,b", "prompt,b\n", "\uFEFFprompt,b\r\n\r\n\n"})
    void aTableMayHaveNoRows(String text) throws IOException {
        assertThat(read(text)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n\r\n", "\uFEFF"})
    void anEmptyFileHasNoColumnsAndNoRows(String text) throws IOException {
        assertThat(read(text)).isEmpty();
        PromptFile file = TestFile.write(directory, "empty.csv", text.getBytes(UTF_8));
        assertThat(TableFiles.columns(file)).isEmpty();
    }

    @Test
    void aMissingPromptColumnIsRefusedWithWhatIsThere() {
        assertThatThrownBy(() -> read("id,promt\n1,a\n"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessage(
                        "t.csv: found the columns 'id', 'promt', expected 'prompt', which holds the prompts; did you mean"
                                + " 'promt'? Name the column that does (--prompt-column)");
        assertThatThrownBy(() -> read("id,note\n1,a\n")).hasMessageContaining("holds the prompts. Name the column");
    }

    @ParameterizedTest
    @ValueSource(strings = {"prompt,", "prompt, ,x", ",prompt"})
    void aColumnWithoutANameIsRefused(String header) {
        assertThatThrownBy(() -> read(header + "\n1,a\n"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("found no name for column");
    }

    @Test
    void aNameTwiceIsRefused() {
        assertThatThrownBy(() -> read("prompt,a,prompt\n"))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("found the name 'prompt' again for column 3 of 3");
    }

    @Test
    void otherEncodingsAreRefusedByName() {
        for (Charset charset : List.of(UTF_16LE, UTF_16BE)) {
            for (String mark : List.of("", "\uFEFF")) {
                byte[] bytes = (mark + "prompt\na\n").getBytes(charset);
                assertThatThrownBy(() -> open(bytes, ReadOptions.defaults()))
                        .isInstanceOf(InvalidInputException.class)
                        .hasMessageContaining("t.csv: found UTF-16, expected a table in UTF-8");
            }
        }
        assertThatThrownBy(() -> open("prompt,\u00E9\n".getBytes(ISO_8859_1), ReadOptions.defaults()))
                .hasMessageContaining("the row is not UTF-8: found the byte 0xE9 at index 7");
    }

    @Test
    void aHeaderWhoseQuotesAreNotInOrderIsRefused() {
        assertThatThrownBy(() -> read("\"prompt,b\n1,2\n")).hasMessageContaining("found a quote that is never closed");
        assertThatThrownBy(() -> read("\"prompt\"x,b\n1,2\n")).hasMessageContaining("column 1: found text after");
    }

    @Test
    void aRowOfAnotherWidthIsRefusedAlone() throws IOException {
        List<FileRecord> records = read("prompt,b\n1\n1,2,3\n4,5\n");

        assertThat(records.get(0).refusal().message)
                .isEqualTo(
                        "the row: found 1 column, expected 2 columns as in the header; put values that hold a separator or a"
                                + " line end in quotes");
        assertThat(records.get(1).refusal().message).contains("found 3 columns, expected 2 columns");
        assertThat(records.get(1).refusal().code).isEqualTo("invalid_row");
        assertThat(records.get(2).refusal()).isNull();
    }

    @Test
    void textAfterAClosingQuoteIsRefusedAlone() throws IOException {
        List<FileRecord> records = read("prompt,b\n1,\"a\"b\",\"c\nd\"\n4,5\n");

        assertThat(records).hasSize(2);
        assertThat(records.get(0).refusal().message)
                .isEqualTo(
                        "the row: column 2: found text after a closing quote, expected the separator or the end of the row; write quotes"
                                + " that belong to a value twice");
        assertThat(records.get(1).refusal()).isNull();
    }

    @Test
    void aQuoteThatIsNeverClosedTakesTheRest() throws IOException {
        byte[] bytes = "prompt,b\n1,2\n3,\"x\n4,5\n6,7\n".getBytes(UTF_8);
        try (RecordReader reader = open(bytes, ReadOptions.defaults())) {
            assertThat(reader.next().refusal()).isNull();
            FileRecord rest = reader.next();
            assertThat(rest.refusal().message).startsWith("the row: column 2: found a quote that is never closed");
            assertThat(new String(rest.original(), UTF_8)).isEqualTo("3,\"x\n4,5\n6,7\n");
            assertThat(reader.next()).isNull();
            assertThat(reader.position()).isEqualTo(bytes.length);
        }
    }

    @Test
    void aRowThatIsNotUtf8IsRefusedAlone() throws IOException {
        byte[] bytes = "prompt\na\u00E9\nb\n".getBytes(ISO_8859_1);
        try (RecordReader reader = open(bytes, ReadOptions.defaults())) {
            FileRecord refused = reader.next();
            assertThat(refused.refusal().code).isEqualTo("invalid_utf8");
            assertThat(refused.refusal().message).startsWith("the row is not UTF-8: found the byte 0xE9 at index 1");
            assertThat(refused.original()).containsExactly('a', 0xE9);
            assertThat(text(reader.next())).isEqualTo("{\"prompt\":\"b\"}");
        }
    }

    @Test
    void aRowThatIsTooLongIsPassedOver() throws IOException {
        int chunk = 1 << 20;
        int chunks = 64;
        byte[] xs = new byte[chunk];
        Arrays.fill(xs, (byte) 'x');
        AtomicInteger given = new AtomicInteger();
        InputStream field = new InputStream() {
            @Override
            public int read() {
                throw new UnsupportedOperationException("reads are of many bytes");
            }

            @Override
            public int read(byte[] target, int offset, int count) {
                if (given.get() == chunks * 16) {
                    return -1;
                }
                given.incrementAndGet();
                System.arraycopy(xs, 0, target, offset, chunk / 16);
                return chunk / 16;
            }
        };
        InputStream all = new SequenceInputStream(Collections.enumeration(List.of(
                new ByteArrayInputStream("prompt,b\n\"".getBytes(UTF_8)),
                field,
                new ByteArrayInputStream("\n\",2\n3,4\n".getBytes(UTF_8)))));
        try (RecordReader reader = new CsvReader(all, file(Compression.NONE), ReadOptions.defaults(), 0)) {
            FileRecord refused = reader.next();
            long length = (64L << 20) + 5;
            assertThat(refused.length()).isEqualTo(length);
            assertThat(refused.original()).hasSize(FileRecord.HEAD);
            assertThat(refused.refusal().code).isEqualTo("too_large");
            assertThat(refused.refusal().message)
                    .startsWith("the record: found " + length + " bytes, expected at most 33554432");
            MessageDigest digest = Digests.sha256();
            digest.update((byte) '"');
            for (int i = 0; i < chunks; i++) {
                digest.update(xs);
            }
            digest.update("\n\",2".getBytes(UTF_8));
            assertThat(refused.sha256()).isEqualTo(HexFormat.of().formatHex(digest.digest()));
            FileRecord after = reader.next();
            assertThat(text(after)).isEqualTo("{\"prompt\":\"3\",\"metadata\":{\"b\":\"4\"}}");
            assertThat(after.offset()).isEqualTo("prompt,b\n".length() + length + 1);
            assertThat(after.line()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.csv.gz", "a.csv.zst"})
    void damageEndsTheFileWithARefusal(String name) throws IOException {
        StringBuilder rows = new StringBuilder("prompt,n\n");
        for (int i = 0; i < 20_000; i++) {
            rows.append(Integer.toHexString(i * 0x9E3779B9))
                    .append(',')
                    .append(i)
                    .append('\n');
        }
        byte[] whole =
                TestFile.compressed(Compression.ofName(name), rows.toString().getBytes(UTF_8));
        PromptFile file = TestFile.write(directory, name, Arrays.copyOf(whole, whole.length * 4 / 5));

        List<FileRecord> records;
        long position;
        try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), 0)) {
            records = readAll(reader);
            position = reader.position();
        }
        FileRecord last = records.get(records.size() - 1);
        assertThat(records).hasSizeGreaterThan(5_000);
        assertThat(records.subList(0, records.size() - 1)).allMatch(record -> record.refusal() == null);
        assertThat(last.refusal().code).isEqualTo("invalid_value");
        assertThat(last.refusal().message).startsWith("the file: found what does not decompress");
        for (int from : new int[] {records.size() * 3 / 4, records.size() - 1}) {
            try (RecordReader reader = TableFiles.open(
                    file, ReadOptions.defaults(), records.get(from).offset())) {
                assertThat(withoutLines(readAll(reader)))
                        .isEqualTo(withoutLines(records.subList(from, records.size())));
            }
        }
        try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), position)) {
            assertThat(reader.next()).isNull();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a.csv.gz", "a.csv.zst"})
    void whatIsNotCompressedIsRefused(String name) throws IOException {
        PromptFile file = TestFile.write(directory, name, "prompt,b\n1,2\n".getBytes(UTF_8));

        assertThatThrownBy(() -> TableFiles.open(file, ReadOptions.defaults(), 0))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining(name + ": ");
    }

    @Test
    void aFileSystemThatFailsIsNoFaultOfTheFile() {
        InputStream failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("connection reset");
            }
        };
        assertThatThrownBy(() -> new CsvReader(failing, file(Compression.NONE), ReadOptions.defaults(), 0))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("connection reset");
    }

    private static List<FileRecord> read(String text) throws IOException {
        try (RecordReader reader = open(text.getBytes(UTF_8), ReadOptions.defaults())) {
            return readAll(reader);
        }
    }

    private static RecordReader open(byte[] bytes, ReadOptions options) throws IOException {
        return new CsvReader(new ByteArrayInputStream(bytes), file(Compression.NONE), options, 0);
    }

    private static PromptFile file(Compression compression) {
        return new PromptFile("file:/t.csv", "t.csv", 0, 0, 0, FileFormat.CSV, compression);
    }

    private static String text(FileRecord record) {
        return new String(record.request(), UTF_8);
    }
}
