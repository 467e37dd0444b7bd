package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Scripts of SQL as a user runs them: the launcher gives them the planner. */
@Tag("full")
class SqlIT {

    @TempDir
    private Path directory;

    private static Path script(String name) {
        return Command.deploy().resolve("sql").resolve(name);
    }

    @Test
    void theScriptOfValuesPrintsARowForEachPrompt() throws Exception {
        Run run = Command.launcher("sql", script("values.sql").toString())
                .environment("FLINK_GPT2_JAVA_OPTS", "-Djava.io.tmpdir=" + directory)
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.lines())
                .hasSize(4)
                .startsWith("prompt | text | finish_reason | cumulative_logprob | error")
                .contains("<NULL> | <NULL> | <NULL> | <NULL> | <NULL>")
                .anySatisfy(line -> assertThat(line)
                        .startsWith("Once upon a time there was a |  man who had a little boy who had")
                        .contains(" | length | -"));
        assertThat(run.err()).doesNotContain("Exception", "WARN ");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void theScriptOfFilesRunsInTheTopFolder() throws Exception {
        Run run = Command.launcher("sql", "deploy/sql/files.sql")
                .in(Command.deploy().getParent())
                .run();

        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.lines()).hasSizeGreaterThanOrEqualTo(6).startsWith("id | author | finish_reason | completion");
    }

    @Test
    void theScriptOfKafkaRunsAgainstLocal() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        Path kafka = directory.resolve("kafka.sql");
        Files.writeString(kafka, Files.readString(script("kafka.sql")).replace("localhost:9092", "localhost:" + port));
        try (Running local = Command.launcher(
                        "local",
                        "--kafka-port",
                        "" + port,
                        "--web-port",
                        "0",
                        "--parallelism",
                        "1",
                        "--topics",
                        "sql-prompts,sql-completions")
                .start()) {
            local.awaitOut("Ready.");
            Run run = Command.launcher("sql", kafka.toString()).run();

            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.lines()).hasSize(4).startsWith("id | finish_reason | completion");
            local.signal("TERM");
            assertThat(local.await().exitCode()).isZero();
        }
    }

    @Test
    void aSignalEndsAScript() throws Exception {
        Path endless = directory.resolve("endless.sql");
        Files.writeString(
                endless,
                "CREATE TEMPORARY TABLE t (i INT) WITH ('connector' = 'datagen', 'rows-per-second' = '10');"
                        + " SELECT 'row' AS a, i FROM t;");
        try (Running running = Command.launcher("sql", endless.toString())
                .environment("FLINK_GPT2_JAVA_OPTS", "-Djava.io.tmpdir=" + directory.resolve("tmp"))
                .start()) {
            Files.createDirectories(directory.resolve("tmp"));
            running.awaitOut("row | ");
            running.signal("TERM");
            Run run = running.await(Duration.ofSeconds(10));

            assertThat(run.exitCode()).isEqualTo(143);
            assertThat(run.err()).doesNotContain("Exception", "\tat ");
        }
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
    }
}
