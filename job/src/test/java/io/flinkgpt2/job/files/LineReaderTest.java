package io.flinkgpt2.job.files;

import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.job.record.InvalidRequestException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of lines: what their records are, wherever reading begins. */
class LineReaderTest {

    @TempDir
    private Path directory;

    private PromptFile file(String name, byte[] content) throws IOException {
        Path path = directory.resolve(name);
        Files.write(path, content);
        return PromptFiles.find(List.of(path.toString()), null).list().get(0);
    }

    private static List<FileRecord> all(RecordReader reader) throws IOException {
        List<FileRecord> records = new ArrayList<>();
        try (reader) {
            FileRecord record;
            while ((record = reader.next()) != null) {
                records.add(record);
            }
        }
        return records;
    }

    private static List<FileRecord> read(PromptFile file, String separator) throws IOException {
        return all(new FileReaders(new ReadOptions("prompt", separator)).open(file));
    }

    private static List<String> texts(List<FileRecord> records) {
        return records.stream()
                .map(record -> new String(record.original(), UTF_8))
                .toList();
    }

    @Test
    void aLineIsARequestWithItsPlace() throws IOException {
        List<FileRecord> records =
                read(file("a.jsonl", "\uFEFF{\"prompt\":\"é\"}\r\n\n  \t\n{\"x\":1}\nlast".getBytes(UTF_8)), null);

        assertThat(texts(records)).containsExactly("{\"prompt\":\"é\"}", "{\"x\":1}", "last");
        assertThat(records).extracting(FileRecord::offset).containsExactly(0L, 25L, 33L);
        assertThat(records).extracting(FileRecord::line).containsExactly(1L, 4L, 5L);
        assertThat(records).allSatisfy(record -> {
            assertThat(record.refusal()).isNull();
            assertThat(record.columns()).isNull();
            assertThat(record.request()).isEqualTo(record.original());
            assertThat(record.length()).isEqualTo(record.original().length);
        });
    }

    @Test
    void aLineOfTextIsAPromptWhateverStandsInIt() throws IOException {
        byte[] text = "say \"hi\" \\ \t\u0001 \u007F 😀\nnext".getBytes(UTF_8);

        List<FileRecord> records = read(file("a.txt", text), null);

        assertThat(new String(records.get(0).request(), UTF_8))
                .isEqualTo("{\"prompt\":\"say \\\"hi\\\" \\\\ \\u0009\\u0001 \u007F 😀\"}");
        assertThat(records.get(0).columns().get("prompt").asText()).isEqualTo("say \"hi\" \\ \t\u0001 \u007F 😀");
        assertThat(texts(records)).hasSize(2);
    }

    @Test
    void whatIsNotUtf8StaysSoForTheParserToRefuse() throws IOException {
        List<FileRecord> records = read(file("a.txt", new byte[] {'a', (byte) 0xFF, 'b', '\n', 'c'}), null);

        assertThat(records.get(0).request())
                .contains((byte) 0xFF)
                .startsWith("{\"prompt\":\"a".getBytes(UTF_8))
                .endsWith("b\"}".getBytes(UTF_8));
        assertThat(records).hasSize(2);
    }

    @Test
    void promptsBetweenSeparatorsKeepTheirLines() throws IOException {
        String text = "one\r\ntwo\n---\n---\n \n---\nthree\n\nfour\n---\n";

        List<FileRecord> records = read(file("a.txt", text.getBytes(UTF_8)), "---");

        assertThat(texts(records)).containsExactly("one\ntwo", "three\n\nfour");
        assertThat(records).extracting(FileRecord::offset).containsExactly(0L, 23L);
        assertThat(records).extracting(FileRecord::line).containsExactly(1L, 7L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "---"})
    void rangesHaveAllRecordsOnceAndEachPositionGoesOn(String separator) throws IOException {
        Random random = new Random(7);
        for (int round = 0; round < 60; round++) {
            StringBuilder text = new StringBuilder();
            int lines = random.nextInt(12);
            for (int i = 0; i < lines; i++) {
                text.append(
                        switch (random.nextInt(5)) {
                            case 0 -> "";
                            case 1 -> "---";
                            case 2 -> "é".repeat(random.nextInt(5));
                            default -> "line " + i;
                        });
                text.append(random.nextBoolean() ? "\n" : "\r\n");
            }
            if (random.nextBoolean()) {
                text.append("last");
            }
            byte[] bytes = text.toString().getBytes(UTF_8);
            PromptFile file = file("r" + round + separator + ".txt", bytes);
            FileReaders readers = new FileReaders(new ReadOptions("prompt", separator.isEmpty() ? null : separator));
            List<FileRecord> whole = all(readers.open(file));
            int step = 1 + random.nextInt(Math.max(1, bytes.length));
            List<FileRecord> parts = new ArrayList<>();
            for (int start = 0; start < bytes.length; start += step) {
                parts.addAll(inPieces(readers, file, start, Math.min(bytes.length, start + step)));
            }

            assertThat(texts(parts)).as("%s in steps of %d", text, step).isEqualTo(texts(whole));
            assertThat(parts)
                    .extracting(FileRecord::offset)
                    .isEqualTo(whole.stream().map(FileRecord::offset).toList());
        }
    }

    /** Reads a range with a new reader for each record. */
    private static List<FileRecord> inPieces(FileReaders readers, PromptFile file, long start, long end)
            throws IOException {
        List<FileRecord> records = new ArrayList<>();
        RecordReader reader = readers.openRange(file, start, end);
        FileRecord record;
        while ((record = reader.next()) != null) {
            records.add(record);
            long position = reader.position();
            reader.close();
            reader = readers.openAt(file, position, end);
        }
        reader.close();
        return records;
    }

    @Test
    void aLineThatIsTooLongIsPassedOverAndTold() throws IOException {
        byte[] longLine = new byte[FileRecord.LONGEST + 70_000];
        Arrays.fill(longLine, (byte) 'x');
        longLine[FileRecord.LONGEST - 1] = '\r';
        longLine[FileRecord.LONGEST + 5] = '\r';
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes("before\n".getBytes(UTF_8));
        content.writeBytes(longLine);
        content.writeBytes("\r\nafter\n".getBytes(UTF_8));

        for (String separator : new String[] {null, "---"}) {
            PromptFile file = file("long.jsonl", content.toByteArray());
            List<FileRecord> records = read(file, separator);

            assertThat(records).hasSize(3);
            FileRecord tooLong = records.get(1);
            assertThat(tooLong.offset()).isEqualTo(7);
            assertThat(tooLong.length()).isEqualTo(longLine.length);
            assertThat(tooLong.original()).isEqualTo(Arrays.copyOf(longLine, FileRecord.HEAD));
            assertThat(tooLong.sha256())
                    .isEqualTo(HexFormat.of().formatHex(Digests.sha256().digest(longLine)));
            assertThat(tooLong.refusal().code).isEqualTo(InvalidRequestException.TOO_LARGE);
            assertThat(tooLong.refusal().message).contains("found " + longLine.length);
            assertThat(new String(records.get(2).original(), UTF_8)).isEqualTo("after");
        }
    }

    @Test
    void aRangeWithinALongLineReadsNoFurtherThanItsEnd() throws IOException {
        byte[] content = ("a\n" + "x".repeat(1 << 20) + "\nb\n").getBytes(UTF_8);
        long[] read = {0};
        InputStream counting = new ByteArrayInputStream(content, 1000, content.length - 1000) {
            @Override
            public synchronized int read(byte[] bytes, int offset, int length) {
                int count = super.read(bytes, offset, length);
                read[0] += Math.max(0, count);
                return count;
            }
        };

        try (RecordReader reader = LineReader.ofRange(counting, FileFormat.TEXT, ReadOptions.defaults(), 1001, 5000)) {
            assertThat(reader.next()).isNull();
            assertThat(reader.position()).isEqualTo(5000);
        }
        assertThat(read[0]).isLessThanOrEqualTo(1 << 16);
    }

    @Test
    void aPromptThatIsTooLongTogetherIsPassedOver() throws IOException {
        String line = "x".repeat(1 << 20) + "\n";
        String text = line.repeat(33) + "---\nshort\n";

        List<FileRecord> records = read(file("a.txt", text.getBytes(UTF_8)), "---");

        assertThat(records.get(0).refusal().code).isEqualTo(InvalidRequestException.TOO_LARGE);
        assertThat(records.get(0).length()).isEqualTo(33L * line.length() - 1);
        assertThat(records.get(0).sha256())
                .isEqualTo(HexFormat.of()
                        .formatHex(Digests.sha256()
                                .digest(line.repeat(33).stripTrailing().getBytes(UTF_8))));
        assertThat(texts(records).get(1)).isEqualTo("short");
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void compressedFilesHaveTheSamePlaces(Compression compression) throws IOException {
        byte[] text = "one\ntwo\n\nthree".getBytes(UTF_8);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        // Two members or frames, as appending to a compressed file makes them.
        for (byte[] half : List.of(Arrays.copyOf(text, 5), Arrays.copyOfRange(text, 5, text.length))) {
            try (OutputStream out = compress(compression, bytes)) {
                out.write(half);
            }
        }
        PromptFile file = file("a.txt" + extension(compression), bytes.toByteArray());

        List<FileRecord> records = read(file, null);

        assertThat(file.format()).isEqualTo(FileFormat.TEXT);
        assertThat(texts(records)).containsExactly("one", "two", "three");
        assertThat(records).extracting(FileRecord::offset).containsExactly(0L, 4L, 9L);
        FileReaders readers = new FileReaders(ReadOptions.defaults());
        assertThat(texts(all(readers.openAt(file, 4, Long.MAX_VALUE)))).containsExactly("two", "three");
    }

    @ParameterizedTest
    @EnumSource(value = Compression.class, mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aFileThatIsCutOffEndsWithARefusal(Compression compression) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Random random = new Random(3);
        try (OutputStream out = compress(compression, bytes)) {
            for (int i = 0; i < 20_000; i++) {
                out.write((Long.toHexString(random.nextLong()) + "\n").getBytes(UTF_8));
            }
        }
        PromptFile file =
                file("a.txt" + extension(compression), Arrays.copyOf(bytes.toByteArray(), bytes.size() * 2 / 3));

        List<FileRecord> records = read(file, null);

        FileRecord last = records.get(records.size() - 1);
        assertThat(records.size()).isGreaterThan(5_000);
        assertThat(last.refusal().message).contains("nothing after this place was read");
        assertThat(records.subList(0, records.size() - 1))
                .allSatisfy(record -> assertThat(record.refusal()).isNull());
        // A replay from any place finds the same end.
        FileReaders readers = new FileReaders(ReadOptions.defaults());
        List<FileRecord> rest =
                all(readers.openAt(file, records.get(records.size() - 4).offset(), Long.MAX_VALUE));
        assertThat(rest)
                .extracting(FileRecord::offset)
                .isEqualTo(records.subList(records.size() - 4, records.size()).stream()
                        .map(FileRecord::offset)
                        .toList());
        assertThat(all(readers.openAt(file, Long.MAX_VALUE, Long.MAX_VALUE))).isEmpty();
    }

    @Test
    void whatIsNoCompressionIsRefusedAsAWhole() throws IOException {
        for (String name : List.of("a.jsonl.gz", "a.jsonl.zst")) {
            List<FileRecord> records = read(file(name, "{\"prompt\":\"x\"}\n".getBytes(UTF_8)), null);

            assertThat(records).hasSize(1);
            assertThat(records.get(0).refusal().message).contains("does not decompress");
        }
    }

    @Test
    void anotherEncodingIsRefusedOnceWhateverRangesAreRead() throws IOException {
        byte[] content = "{\"prompt\": \"x\"}\n".repeat(9).getBytes(UTF_16LE);
        PromptFile file = file("a.jsonl", content);
        FileReaders readers = new FileReaders(ReadOptions.defaults());

        List<FileRecord> records = new ArrayList<>(all(readers.openRange(file, 0, 50)));
        records.addAll(all(readers.openRange(file, 50, content.length)));

        assertThat(records).hasSize(1);
        assertThat(records.get(0).refusal().code).isEqualTo(InvalidRequestException.INVALID_UTF8);
        assertThat(records.get(0).refusal().message).contains("UTF-16").contains("iconv");
        assertThat(all(readers.open(file))).hasSize(1);
    }

    private static OutputStream compress(Compression compression, OutputStream out) throws IOException {
        return compression.compress(new KeptOpen(out));
    }

    private static String extension(Compression compression) {
        return switch (compression) {
            case NONE -> "";
            case GZIP -> ".gz";
            case ZSTD -> ".zst";
        };
    }

    /** A stream that others follow in. */
    private static final class KeptOpen extends java.io.FilterOutputStream {
        KeptOpen(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
        }

        @Override
        public void close() {}
    }
}
