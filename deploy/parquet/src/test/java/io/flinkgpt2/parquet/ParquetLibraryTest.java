package io.flinkgpt2.parquet;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.job.files.AnswerWriter;
import io.flinkgpt2.job.files.AnswerWriters;
import io.flinkgpt2.job.files.Compression;
import io.flinkgpt2.job.files.FileFormat;
import io.flinkgpt2.job.files.FileRecord;
import io.flinkgpt2.job.files.InvalidInputException;
import io.flinkgpt2.job.files.PromptFile;
import io.flinkgpt2.job.files.ReadOptions;
import io.flinkgpt2.job.files.RecordReader;
import io.flinkgpt2.job.files.TableColumn;
import io.flinkgpt2.job.files.TableFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of another writer (src/test/python/make_tables.py) are read, and written as they were. */
class ParquetLibraryTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"none", "snappy", "gzip", "zstd"})
    void everyTypeIsReadAsJson(String codec) throws IOException {
        List<FileRecord> records = read(resource(codec), "prompt", 0);

        assertThat(records).hasSize(5);
        assertThat(records.get(0).columns().toString())
                .isEqualTo(json("{'prompt':'Once','odd name. (x)':1,'small':1,'unsigned':0,'unsigned32':0,'float':0.1,"
                        + "'double':0.1,'flag':true,'date':'2024-02-29','time':'00:00','at':'2024-02-29T01:02:03.456789Z',"
                        + "'local':'2024-02-29T01:02:03','nanos':'1970-01-01T00:00:00.000000001','price':1.50,'bytes':'AP8=',"
                        + "'tokens':[1,2,3],'words':['a',null,'b'],'nested':[[1],[],null],"
                        + "'struct':{'a':1,'b c':[{'d':'x'},null]},'map':{'k':1,'l':null},'category':'x'}"));
        assertThat(records.get(1).columns().toString())
                .isEqualTo(
                        json(
                                "{'prompt':'Zwölf \\\"Boxkämpfer\\\"\\n日本😀','odd name. (x)':null,'small':-128,"
                                        + "'unsigned':18446744073709551615,'unsigned32':4294967295,'float':'Infinity','double':'NaN',"
                                        + "'flag':false,'date':'1969-12-31','time':'23:59:59.999999','at':'1960-01-01T00:00:00.000001Z',"
                                        + "'local':'1960-01-01T00:00','nanos':'1969-12-31T23:59:59.999999999','price':-0.01,'bytes':'',"
                                        + "'tokens':[],'words':[],'nested':[],'struct':{'a':null,'b c':null},'map':{},'category':'y'}"));
        assertThat(records.get(2).columns().properties())
                .allMatch(
                        column -> column.getValue().isNull() != column.getKey().equals("prompt")
                                || column.getKey().startsWith("odd"));
        assertThat(records.get(3).columns().get("price").decimalValue()).isEqualByComparingTo("123456789012345678.99");
        for (int i = 0; i < records.size(); i++) {
            FileRecord record = records.get(i);
            assertThat(record.offset()).isEqualTo(i);
            assertThat(record.line()).isEqualTo(i + 1);
            assertThat(record.original())
                    .isEqualTo(MAPPER.writeValueAsString(record.columns()).getBytes(UTF_8));
            JsonNode request = MAPPER.readTree(record.request());
            assertThat(request.get("prompt")).isEqualTo(record.columns().get("prompt"));
            assertThat(request.get("metadata").size())
                    .isEqualTo(record.columns().size() - 1);
        }
    }

    @Test
    void tokenIdsAreAPrompt() throws IOException {
        List<FileRecord> records = read(resource("none"), "tokens", 0);

        assertThat(new String(records.get(0).request(), UTF_8))
                .startsWith("{\"prompt\":[1,2,3],\"metadata\":{\"prompt\":");
        assertThat(new String(records.get(2).request(), UTF_8)).startsWith("{\"prompt\":null,");
    }

    @Test
    void oldTimestampsAreRead() throws IOException {
        List<FileRecord> records = read(resource("int96"), "prompt", 0);

        assertThat(records.get(0).columns().get("at").textValue()).isEqualTo("2024-02-29T01:02:03.456789Z");
        assertThat(records.get(1).columns().get("at").textValue()).isEqualTo("1960-01-01T00:00:00.000001Z");
    }

    @Test
    void aReaderGoesOnFromEachPosition() throws IOException {
        PromptFile file = resource("snappy");
        List<FileRecord> records = read(file, "prompt", 0);
        for (int position = 0; position <= records.size(); position++) {
            assertThat(texts(read(file, "prompt", position)))
                    .isEqualTo(texts(records.subList(position, records.size())));
        }
        try (RecordReader reader = TableFiles.open(file, ReadOptions.defaults(), 0)) {
            for (int i = 0; i < records.size(); i++) {
                assertThat(reader.position()).isEqualTo(i);
                reader.next();
            }
            assertThat(reader.next()).isNull();
            assertThat(reader.position()).isEqualTo(records.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"zstd", "int96"})
    void whatIsWrittenIsTheSame(String name) throws IOException {
        PromptFile file = resource(name);
        List<FileRecord> records = read(file, "prompt", 0);
        List<TableColumn> columns = TableFiles.columns(file);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (AnswerWriter writer = AnswerWriters.open(FileFormat.PARQUET, out, columns, null)) {
            for (FileRecord record : records) {
                writer.answered(record, answer("é\n\"", "stop"));
                writer.refused(record);
            }
        }
        PromptFile written = write("out.parquet", out.toByteArray());

        List<FileRecord> back = read(written, "completion", 0);
        assertThat(TableFiles.columns(written).subList(0, columns.size())).isEqualTo(columns);
        assertThat(columns).filteredOn(column -> column.type() == null).hasSize(name.equals("zstd") ? 2 : 1);
        assertThat(back).hasSize(2 * records.size());
        for (int i = 0; i < back.size(); i++) {
            assertThat(back.get(i).columns().get("completion").textValue()).isEqualTo("é\n\"");
            assertThat(back.get(i).columns().get("finish_reason").textValue()).isEqualTo("stop");
            assertThat(back.get(i).columns().get("index").intValue()).isEqualTo(i % 2);
            assertThat(back.get(i).columns().deepCopy().remove(List.of("completion", "finish_reason", "index")))
                    .isEqualTo(records.get(i / 2).columns());
        }
    }

    @Test
    void columnsOfOtherFormatsAreTexts() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<TableColumn> columns = List.of(TableColumn.text("custom_id"), TableColumn.text("metadata"));
        try (AnswerWriter writer = AnswerWriters.open(FileFormat.PARQUET, out, columns, null)) {
            writer.answered(null, answer("b", "length"));
        }
        List<FileRecord> back = read(write("out.parquet", out.toByteArray()), "completion", 0);

        assertThat(back).hasSize(2);
        assertThat(back.get(0).columns().toString())
                .isEqualTo(json("{'custom_id':'a','metadata':'{\\\"x\\\":1}','completion':'b','finish_reason':'length',"
                        + "'index':0}"));
    }

    /** Rows of several row groups, with a union whose second table has other types. */
    @Test
    void aTableOfManyRowsIsTheSame() throws IOException {
        Random random = new Random(5);
        List<TableColumn> columns = List.of(TableColumn.text("prompt"), TableColumn.text("n"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<String> prompts = new ArrayList<>();
        int rows = 600;
        try (AnswerWriter writer = AnswerWriters.open(FileFormat.PARQUET, out, columns, null)) {
            for (int i = 0; i < rows; i++) {
                byte[] noise = new byte[15_000];
                random.nextBytes(noise);
                prompts.add(java.util.Base64.getEncoder().encodeToString(noise));
                JsonNode row =
                        MAPPER.createObjectNode().put("prompt", prompts.get(i)).put("n", i);
                writer.answered(
                        new FileRecord(i, i, new byte[0], 0, null, null, row.deepCopy(), null), answer("", "stop"));
            }
        }
        PromptFile file = write("many.parquet", out.toByteArray());
        List<FileRecord> back = read(file, "prompt", 0);

        assertThat(back).hasSize(2 * rows);
        for (int i = 0; i < 2 * rows; i++) {
            assertThat(back.get(i).columns().get("prompt").textValue()).isEqualTo(prompts.get(i / 2));
            assertThat(back.get(i).columns().get("n").textValue()).isEqualTo(String.valueOf(i / 2));
        }
        for (int position : new int[] {1, 1199}) {
            assertThat(texts(read(file, "prompt", position))).isEqualTo(texts(back.subList(position, 2 * rows)));
        }
    }

    @Test
    void aMissingOrUnfitPromptColumnIsRefused() throws IOException {
        PromptFile file = resource("none");

        assertThatThrownBy(() -> read(file, "promts", 0))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("none.parquet: found the columns 'prompt', 'odd name. (x)'")
                .hasMessageContaining("did you mean 'prompt'? Name the column that does (--prompt-column)");
        for (String column : List.of("double", "bytes", "words", "struct", "at")) {
            assertThatThrownBy(() -> read(file, column, 0))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("found the column '" + column + "' of the type optional ");
        }
    }

    @Test
    void whatIsNotParquetIsRefused() throws IOException {
        byte[] whole = Files.readAllBytes(path("none"));
        for (byte[] bytes : List.of(
                new byte[0], "prompt\na\n".getBytes(UTF_8), Arrays.copyOf(whole, whole.length - 1), new byte[100])) {
            PromptFile file = write("bad.parquet", bytes);
            assertThatThrownBy(() -> read(file, "prompt", 0))
                    .isInstanceOf(InvalidInputException.class)
                    .hasMessageContaining("bad.parquet: found what cannot be read as Parquet");
            assertThatThrownBy(() -> TableFiles.columns(file)).isInstanceOf(InvalidInputException.class);
        }
    }

    @Test
    void aCodecThatIsNotThereEndsTheFileWithARefusal() throws IOException {
        List<FileRecord> records = read(resource("lz4"), "prompt", 0);

        assertThat(records).hasSize(1);
        assertThat(records.get(0).refusal().message).contains("LZ4", "expected UNCOMPRESSED, SNAPPY, GZIP or ZSTD");
    }

    /** Whatever byte is wrong: rows, refusals of rows, or a refusal of the rest; never another exception. */
    @Test
    void damageIsARefusal() throws IOException {
        byte[] whole = Files.readAllBytes(path("snappy"));
        Random random = new Random(3);
        int refusals = 0;
        for (int i = 0; i < 60; i++) {
            byte[] bytes = whole.clone();
            bytes[4 + random.nextInt(bytes.length - 12)] ^= (byte) (1 + random.nextInt(255));
            PromptFile file = write("damaged.parquet", bytes);
            try {
                List<FileRecord> records = read(file, "prompt", 0);
                refusals += records.stream().anyMatch(record -> record.refusal() != null) ? 1 : 0;
            } catch (InvalidInputException e) {
                assertThat(e).hasMessageContaining("damaged.parquet: ");
            }
        }
        assertThat(refusals).isGreaterThan(4);
    }

    private static byte[] answer(String text, String reason) throws IOException {
        String quoted = MAPPER.writeValueAsString(text);
        return ("{\"custom_id\":\"a\",\"choices\":[{\"index\":0,\"text\":" + quoted + ",\"finish_reason\":\"" + reason
                        + "\"},{\"index\":1,\"text\":" + quoted + ",\"finish_reason\":\"" + reason
                        + "\"}],\"metadata\":{\"x\":1}}")
                .getBytes(UTF_8);
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private static List<String> texts(List<FileRecord> records) {
        return records.stream()
                .map(record -> record.offset() + " " + new String(record.original(), UTF_8))
                .toList();
    }

    private static List<FileRecord> read(PromptFile file, String column, long position) throws IOException {
        List<FileRecord> records = new ArrayList<>();
        try (RecordReader reader = TableFiles.open(file, new ReadOptions(column, null), position)) {
            for (FileRecord record = reader.next(); record != null; record = reader.next()) {
                records.add(record);
            }
        }
        return records;
    }

    private Path path(String name) throws IOException {
        Path path = directory.resolve(name + ".parquet");
        if (!Files.exists(path)) {
            try (InputStream in = getClass().getResourceAsStream("/pyarrow/" + name + ".parquet")) {
                Files.copy(in, path);
            }
        }
        return path;
    }

    private PromptFile resource(String name) throws IOException {
        return file(path(name));
    }

    private PromptFile write(String name, byte[] bytes) throws IOException {
        return file(Files.write(directory.resolve(name), bytes));
    }

    private static PromptFile file(Path path) throws IOException {
        return new PromptFile(
                path.toUri().toString(),
                path.getFileName().toString(),
                0,
                Files.size(path),
                0,
                FileFormat.PARQUET,
                Compression.NONE);
    }
}
