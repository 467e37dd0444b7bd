package io.flinkgpt2.cli.sql;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.local.embedded.EmbeddedKafka;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The command in this JVM, with the planner on its class path; and the scripts of {@code deploy/sql}. */
class SqlCommandTest {

    private static final Path DEPLOY = Path.of("..").toAbsolutePath().normalize();
    private static final String MODEL = DEPLOY.resolve("models/fairytales").toString();

    @TempDir
    private Path directory;

    private static CommandRun sql(String script, String... arguments) {
        List<String> words = new ArrayList<>(List.of("sql", "--model", MODEL, "--parallelism", "1", "-"));
        words.addAll(List.of(arguments));
        return CommandRun.withInput(script, words.toArray(new String[0]));
    }

    private static String script(String name) throws IOException {
        return Files.readString(DEPLOY.resolve("sql").resolve(name));
    }

    @Test
    @Tag("full")
    void theScriptOfValuesPrintsARowForEachPrompt() throws IOException {
        CommandRun run = sql(script("values.sql"));

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out().lines())
                .hasSize(4)
                .startsWith("prompt | text | finish_reason | cumulative_logprob | error")
                .contains("<NULL> | <NULL> | <NULL> | <NULL> | <NULL>")
                .anySatisfy(line -> assertThat(line)
                        .startsWith("Once upon a time there was a |  man who had a little boy who had")
                        .contains(" | length | -"));
    }

    @Test
    void theScriptOfFilesWritesAnAnswerForEachLine() throws IOException {
        Path out = directory.resolve("completions");
        CommandRun run = sql(
                script("files.sql")
                        .replace("deploy/sql/", DEPLOY.resolve("sql") + "/")
                        .replace("deploy/target/sql/completions", out.toString()),
                "--output=json");

        assertThat(run.exitCode()).as(run.err()).isZero();
        List<JsonNode> written = new ArrayList<>();
        try (Stream<Path> files = Files.list(out)) {
            for (Path file : files.toList()) {
                for (String line : Files.readAllLines(file)) {
                    written.add(new ObjectMapper().readTree(line));
                }
            }
        }
        assertThat(written)
                .extracting(row -> row.get("id").textValue())
                .containsExactly("tale-1", "tale-2", "tale-3", "tale-4", "tale-5");
        assertThat(written)
                .extracting(row -> row.get("author").textValue())
                .containsExactly("grimm", "grimm", "andersen", "andersen", "nobody");
        assertThat(written.subList(0, 4)).allSatisfy(row -> {
            assertThat(row.get("completion").textValue()).isNotEmpty();
            assertThat(row.get("token_ids")).isNotEmpty();
            assertThat(row.get("error").isNull()).isTrue();
        });
        assertThat(written.get(4).get("completion").isNull()).isTrue();
        assertThat(run.json())
                .hasSize(5)
                .allSatisfy(row -> assertThat(written)
                        .anySatisfy(file -> assertThat(file.get("completion")).isEqualTo(row.get("completion"))));
    }

    @Test
    @Tag("full")
    void theScriptOfKafkaCommitsAnAnswerForEachRecord() throws Exception {
        try (EmbeddedKafka kafka = EmbeddedKafka.start(EmbeddedKafka.Options.defaults())) {
            kafka.createTopic("sql-prompts", 2, Map.of());
            kafka.createTopic("sql-completions", 2, Map.of());
            CommandRun run =
                    sql(script("kafka.sql").replace("localhost:9092", kafka.bootstrapServers()), "--output=json");

            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.json())
                    .extracting(row -> row.get("id").textValue())
                    .containsExactlyInAnyOrder("tale-1", "tale-2", "tale-3");
            assertThat(run.json())
                    .allSatisfy(
                            row -> assertThat(row.get("completion").textValue()).isNotEmpty());
        }
    }

    @Test
    void rowsAreJsonObjectsWhereThatIsAskedFor() {
        CommandRun run = sql(
                "SELECT 'a|b' AS t, 2 AS i, CAST(NULL AS INT) AS n, TRUE AS b, ARRAY[1, 2] AS a, 0.5e0 AS d;",
                "--output=json");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).isEqualTo("{\"t\":\"a|b\",\"i\":2,\"n\":null,\"b\":true,\"a\":[1,2],\"d\":0.5}\n");
    }

    /** A changelog marks what is no insertion; a definition keeps its lines; a statement may lack its semicolon. */
    @Test
    void whatAQueryReturnsIsShownAsItIs() {
        CommandRun run = sql("""
                -- a comment; with a semicolon
                CREATE TEMPORARY VIEW v AS SELECT * FROM (VALUES ('x', 1), ('x', 2)) AS t (name, number);
                SELECT name, SUM(number) AS total FROM v GROUP BY name;
                SET 'a.b' = 'c';
                SHOW CREATE VIEW v;
                SELECT U&'one\\000Atwo' AS a, 'three' AS b""");

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out())
                .startsWith("name | total\nx | 1\n-U x | 1\n+U x | 3\n")
                .contains("CREATE TEMPORARY VIEW", "\nFROM ")
                .endsWith("a | b\none?two | three\n");
    }

    @Test
    void aScriptOfCommentsDoesNothing() {
        assertThat(sql("-- nothing\n/* at all; */\n")).isEqualTo(new CommandRun(0, "", ""));
    }

    @Test
    void aWrongOptionIsToldInOneLine() {
        assertToldInOneLine(
                "SELECT text FROM ML_PREDICT(TABLE v, MODEL wrong, DESCRIPTOR(prompt));",
                ": unknown option 'max-token'; did you mean 'max-tokens'?");
    }

    @ParameterizedTest
    @Tag("full")
    @CsvSource(delimiter = '|', textBlock = """
            SELECT x FROM nowhere;                   | -:3: SELECT x FROM nowhere: Object 'nowhere' not found
            SELECT 1 AS                              | -:3: SELECT 1 AS SELECT 'not reached' AS never: Incorrect syntax near the keyword 'SELECT' at line 4
            SELECT text FROM ML_PREDICT(TABLE v, MODEL strict, DESCRIPTOR(prompt)); | : prompt: the prompt has
            """)
    void aStatementThatFailsIsToldInOneLine(String statement, String message) {
        assertToldInOneLine(statement, message);
    }

    private static void assertToldInOneLine(String statement, String message) {
        CommandRun run = sql("CREATE TEMPORARY VIEW v (prompt) AS VALUES ('" + "a b ".repeat(200)
                + "'); CREATE TEMPORARY MODEL"
                + " wrong INPUT (prompt STRING) OUTPUT (text STRING) WITH ('provider' = 'gpt2', 'max-token' = '1');"
                + " CREATE TEMPORARY MODEL strict INPUT (prompt STRING) OUTPUT (text STRING) WITH ('provider' = 'gpt2',"
                + " 'error-handling-strategy' = 'failover');\n\n" + statement + "\nSELECT 'not reached' AS never;");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.out()).doesNotContain("not reached");
        List<String> told = run.err().lines().toList();
        assertThat(told).hasSize(1);
        assertThat(told.get(0)).startsWith("-:3: ").contains(message).doesNotContain("Exception");
    }

    @Test
    void aScriptThatIsNotThereIsToldByItsName() {
        CommandRun run = CommandRun.of("sql", "--model", MODEL, "no-such.sql");

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).startsWith("no-such.sql: found nothing there");
    }

    @Test
    void aWrongParallelismIsWrongUsage() {
        CommandRun run = sql("SELECT 1;", "--parallelism=0");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().getBytes(UTF_8)).isNotEmpty();
    }
}
