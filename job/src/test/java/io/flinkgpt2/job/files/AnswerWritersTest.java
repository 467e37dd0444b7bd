package io.flinkgpt2.job.files;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Answers in every format of one's own, read back. */
class AnswerWritersTest {
    private static final List<TableColumn> NONE = List.of();

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void jsonlIsTheAnswersAsTheyAre(boolean envelope) throws IOException {
        byte[] answer = TestAnswers.of("a", "{\"x\":1.50}", envelope, List.of("é\n"));
        String text = write(FileFormat.JSONL, NONE, null, writer -> {
            writer.answered(TestAnswers.request(), answer);
            writer.refused(TestAnswers.request());
            writer.answered(TestAnswers.request(), answer);
        });

        assertThat(text).isEqualTo(new String(answer, UTF_8) + "\n" + new String(answer, UTF_8) + "\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void textHasALineForEachChoice(boolean envelope) throws IOException {
        String text = write(FileFormat.TEXT, NONE, null, writer -> {
            writer.answered(
                    TestAnswers.request(), TestAnswers.of("a", null, envelope, List.of("a\nb\r\\n", "\u2028é")));
            writer.refused(TestAnswers.request());
            writer.answered(TestAnswers.request(), TestAnswers.of("b", null, envelope, List.of("")));
        });

        assertThat(text).isEqualTo("a\\nb\\r\\\\n\n\u2028é\n\n\n");
    }

    @Test
    void separatedTextsAreAsTheyAreAndReadBack() throws IOException {
        String text = write(FileFormat.TEXT, NONE, "---", writer -> {
            writer.answered(TestAnswers.request(), TestAnswers.of("a", null, false, List.of("a\n\nb\\", "c")));
            writer.refused(TestAnswers.request());
            writer.answered(TestAnswers.request(), TestAnswers.of("b", null, false, List.of("d")));
        });

        assertThat(text).isEqualTo("a\n\nb\\\n---\nc\n---\n\n---\nd\n");
        try (RecordReader reader = LineReader.at(
                new ByteArrayInputStream(text.getBytes(UTF_8)),
                FileFormat.TEXT,
                new ReadOptions("prompt", "---"),
                0,
                Long.MAX_VALUE)) {
            assertThat(TestFile.readAll(reader))
                    .extracting(record -> record.columns().get("prompt").textValue())
                    .containsExactly("a\n\nb\\", "c", "d");
        }
    }

    @Test
    void aTableKeepsItsColumns() throws IOException {
        ObjectNode row = columns("id", "7", "prompt", "Once, upon");
        String text = write(FileFormat.CSV, texts("id", "prompt"), null, writer -> {
            writer.answered(record(row), TestAnswers.of("a", null, false, List.of(" a \"b\"", "c\r\n")));
            writer.refused(record(row));
        });

        assertThat(text)
                .isEqualTo("id,prompt,completion,finish_reason,index\n"
                        + "7,\"Once, upon\",\" a \"\"b\"\"\",stop,0\n"
                        + "7,\"Once, upon\",\"c\r\n\",length,1\n");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aRequestHasItsIdAndItsMetadata(boolean envelope) throws IOException {
        byte[] answer = TestAnswers.of("a", "{\"x\": [1.50, \"é\"]}", envelope, List.of("b"));
        String text = write(FileFormat.TSV, AnswerTable.columnsOfRequests(), null, writer -> {
            writer.answered(TestAnswers.request(), answer);
            writer.answered(null, answer);
        });
        String row = "a\t\"{\"\"x\"\": [1.50, \"\"é\"\"]}\"\tb\tstop\t0\n";

        assertThat(text).isEqualTo("custom_id\tmetadata\tcompletion\tfinish_reason\tindex\n" + row + row);
    }

    @Test
    void tablesOfDifferentColumnsAreOne() throws IOException {
        List<TableColumn> union = TableColumn.union(List.of(
                texts("prompt", "x"),
                List.of(TableColumn.text("y"), TableColumn.text("x"), new TableColumn("z", "int64")),
                List.of(new TableColumn("z", "int64"), new TableColumn("y", "double"))));
        assertThat(union)
                .containsExactly(
                        TableColumn.text("prompt"),
                        TableColumn.text("x"),
                        TableColumn.text("y"),
                        new TableColumn("z", "int64"));
        ObjectNode second = columns("y", "b", "x", "c");
        second.put("z", 1.5);
        String text = write(FileFormat.CSV, union, null, writer -> {
            writer.answered(record(columns("prompt", "p", "x", "a")), TestAnswers.of("a", null, false, List.of("t")));
            writer.answered(record(second), TestAnswers.of("a", null, false, List.of("u")));
        });

        assertThat(text).endsWith("index\np,a,,,t,stop,0\n,c,b,1.5,u,stop,0\n");
    }

    @Test
    void addedColumnsGiveWayToThoseOfTheInput() {
        AnswerTable table = new AnswerTable(texts("completion", "index", "index_2", "a"));

        assertThat(table.names())
                .containsExactly("completion", "index", "index_2", "a", "completion_2", "finish_reason", "index_3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"csv", "tsv"})
    void anyTextComesBack(String format) throws IOException {
        FileFormat of = FileFormat.ofName("a." + format).orElseThrow();
        for (int seed = 0; seed < 60; seed++) {
            RandomTable table = new RandomTable(new Random(seed), ',', false);
            List<TableColumn> names =
                    table.columns.stream().map(TableColumn::text).toList();
            List<RandomTable.Row> rows = table.rows;
            byte[] written = write(of, names, null, writer -> {
                        for (RandomTable.Row row : rows) {
                            ObjectNode columns = JsonNodeFactory.instance.objectNode();
                            for (int i = 0; i < row.values().size(); i++) {
                                columns.put(table.columns.get(i), row.values().get(i));
                            }
                            writer.answered(record(columns), TestAnswers.of("a", null, false, row.values()));
                        }
                    })
                    .getBytes(UTF_8);

            List<FileRecord> read = TestAnswers.read(directory, "out." + format, written);
            List<String> texts = new ArrayList<>();
            for (FileRecord record : read) {
                assertThat(record.refusal()).isNull();
                RandomTable.Row row = rows.get(texts.size() / table.columns.size());
                for (int i = 0; i < table.columns.size(); i++) {
                    assertThat(record.columns().get(table.columns.get(i)).textValue())
                            .isEqualTo(row.values().get(i));
                }
                texts.add(record.columns().get("completion").textValue());
            }
            assertThat(texts)
                    .isEqualTo(
                            rows.stream().flatMap(row -> row.values().stream()).toList());
        }
    }

    private static List<TableColumn> texts(String... names) {
        return List.of(names).stream().map(TableColumn::text).toList();
    }

    private static ObjectNode columns(String... namesAndValues) {
        ObjectNode columns = JsonNodeFactory.instance.objectNode();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            columns.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return columns;
    }

    private static FileRecord record(ObjectNode columns) {
        return new FileRecord(0, 1, new byte[0], 0, null, new byte[0], columns, null);
    }

    private static String write(FileFormat format, List<TableColumn> columns, String separator, Answers answers)
            throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (AnswerWriter writer = AnswerWriters.open(format, out, columns, separator)) {
            answers.writeTo(writer);
        }
        return out.toString(UTF_8);
    }

    private interface Answers {
        void writeTo(AnswerWriter writer) throws IOException;
    }
}
