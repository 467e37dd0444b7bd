package io.flinkgpt2.job.files;

import static io.flinkgpt2.job.files.TestFile.readAll;
import static io.flinkgpt2.job.files.TestFile.withoutLines;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Random tables are read as they were written. */
class CsvReaderPropertyTest {
    private static final int TABLES = 400;
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(chars = {',', '\t'})
    void rowsAreReadAsTheyWereWritten(char separator) throws IOException {
        for (int seed = 0; seed < TABLES; seed++) {
            RandomTable table = new RandomTable(new Random(seed), separator, seed % 2 == 1);
            try (RecordReader reader = reader(table, new Random(seed), 0)) {
                List<FileRecord> records = readAll(reader);

                assertThat(records).as("seed %d", seed).hasSameSizeAs(table.rows);
                for (int i = 0; i < records.size(); i++) {
                    requireSame(records.get(i), table.rows.get(i), table.columns, seed);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(chars = {',', '\t'})
    void aReaderGoesOnFromEachPosition(char separator) throws IOException {
        for (int seed = 0; seed < TABLES; seed++) {
            Random random = new Random(seed);
            RandomTable table = new RandomTable(new Random(seed), separator, true);
            List<Long> positions = new ArrayList<>();
            List<FileRecord> records = new ArrayList<>();
            try (RecordReader reader = reader(table, random, 0)) {
                positions.add(reader.position());
                for (FileRecord record = reader.next(); record != null; record = reader.next()) {
                    records.add(record);
                    positions.add(reader.position());
                }
            }
            for (int i = 0; i < positions.size(); i++) {
                try (RecordReader rest = reader(table, random, positions.get(i))) {
                    assertThat(withoutLines(readAll(rest)))
                            .as("seed %d from %d", seed, i)
                            .isEqualTo(withoutLines(records.subList(i, records.size())));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void compressedOnesAreTheSame(Compression compression) throws IOException {
        for (int seed = 0; seed < 40; seed++) {
            RandomTable table = new RandomTable(new Random(seed), ',', true);
            byte[] bytes = TestFile.compressed(compression, table.bytes());
            String name = seed + ".csv"
                    + (compression == Compression.NONE ? "" : compression == Compression.GZIP ? ".gz" : ".zst");
            PromptFile file = TestFile.write(directory, name, bytes);
            List<FileRecord> records;
            try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), 0)) {
                records = readAll(reader);
            }
            assertThat(records).as("seed %d", seed).hasSameSizeAs(table.rows);
            long middle =
                    records.isEmpty() ? 0 : records.get(records.size() / 2).offset();
            try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), middle)) {
                assertThat(withoutLines(readAll(reader)))
                        .isEqualTo(withoutLines(records.subList(records.size() / 2, records.size())));
            }
            assertThat(TableFiles.columns(file)).extracting(TableColumn::name).isEqualTo(table.columns);
        }
    }

    /** Rows that lie across the reader's buffers, and a position far behind the first. */
    @ParameterizedTest
    @EnumSource(Compression.class)
    void aFileLongerThanBuffersIsTheSame(Compression compression) throws IOException {
        StringBuilder text = new StringBuilder("prompt,n\r\n");
        Random random = new Random(7);
        int rows = 6000;
        for (int i = 0; i < rows; i++) {
            text.append('"')
                    .append("é\"\"\r\n,".repeat(random.nextInt(30)))
                    .append('"')
                    .append(',')
                    .append(i)
                    .append("\r\n");
        }
        byte[] bytes = text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        assertThat(bytes.length).isGreaterThan(10 * (1 << 16));
        String name =
                "long.csv" + (compression == Compression.NONE ? "" : compression == Compression.GZIP ? ".gz" : ".zst");
        PromptFile file = TestFile.write(directory, name, TestFile.compressed(compression, bytes));
        List<FileRecord> records;
        try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), 0)) {
            records = readAll(reader);
        }
        assertThat(records).hasSize(rows);
        for (int i = 0; i < rows; i++) {
            FileRecord record = records.get(i);
            assertThat(record.columns().get("n").textValue()).isEqualTo(String.valueOf(i));
            byte[] there = java.util.Arrays.copyOfRange(
                    bytes, (int) record.offset(), (int) (record.offset() + record.length()));
            assertThat(record.original()).isEqualTo(there);
        }
        for (int from : new int[] {1, 3000, rows - 1}) {
            try (RecordReader reader = TableFiles.open(
                    file, ReadOptions.defaults(), records.get(from).offset())) {
                assertThat(withoutLines(List.of(reader.next()))).isEqualTo(withoutLines(List.of(records.get(from))));
            }
        }
    }

    @Test
    void tablesHoldAllKindsOfRows() {
        int refused = 0;
        int read = 0;
        for (int seed = 1; seed < TABLES; seed += 2) {
            for (RandomTable.Row row : new RandomTable(new Random(seed), ',', true).rows) {
                refused += row.values() == null ? 1 : 0;
                read += row.values() == null ? 0 : 1;
            }
        }
        assertThat(refused).isGreaterThan(100);
        assertThat(read).isGreaterThan(100);
    }

    private static RecordReader reader(RandomTable table, Random chunks, long position) throws IOException {
        FileFormat format = table.separator == ',' ? FileFormat.CSV : FileFormat.TSV;
        // Named as compressed every second time, so that positions are reached by skipping and by reading.
        Compression compression = chunks.nextBoolean() ? Compression.NONE : Compression.GZIP;
        PromptFile file = new PromptFile("file:/t", "t", 0, 0, 0, format, compression);
        return new CsvReader(
                chunks.nextBoolean()
                        ? new ChunkedInput(table.bytes(), chunks)
                        : new ByteArrayInputStream(table.bytes()),
                file,
                ReadOptions.defaults(),
                position);
    }

    private static void requireSame(FileRecord record, RandomTable.Row row, List<String> columns, int seed)
            throws IOException {
        assertThat(record.offset()).as("seed %d", seed).isEqualTo(row.offset());
        assertThat(record.line()).as("seed %d", seed).isEqualTo(row.line());
        assertThat(record.original()).as("seed %d", seed).isEqualTo(row.original());
        assertThat(record.length()).isEqualTo(row.original().length);
        assertThat(record.sha256()).isNull();
        if (row.values() == null) {
            assertThat(record.refusal()).as("seed %d", seed).isNotNull();
            assertThat(record.request()).isNull();
            assertThat(record.columns()).isNull();
            return;
        }
        assertThat(record.refusal()).as("seed %d", seed).isNull();
        JsonNode request = MAPPER.readTree(record.request());
        assertThat(request.get("prompt").textValue()).isEqualTo(row.values().get(0));
        List<String> read = new ArrayList<>();
        for (Map.Entry<String, JsonNode> column : record.columns().properties()) {
            assertThat(column.getKey()).isEqualTo(columns.get(read.size()));
            read.add(column.getValue().textValue());
            if (read.size() > 1) {
                assertThat(request.get("metadata").get(column.getKey())).isEqualTo(column.getValue());
            }
        }
        assertThat(read).isEqualTo(row.values());
        assertThat(request.has("metadata")).isEqualTo(columns.size() > 1);
    }
}
