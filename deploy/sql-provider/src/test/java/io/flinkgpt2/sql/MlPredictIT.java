package io.flinkgpt2.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.job.record.CompletionChoice;
import io.flinkgpt2.job.record.CompletionRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.types.Row;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.ExceptionUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code ML_PREDICT} on a real cluster, beside the job's own operator. */
class MlPredictIT {

    private static final int PROMPTS = 256;
    /** Enough for a failure halfway. */
    private static final int MANY = 128;

    private static final int SOME = 32;

    private static final String COLUMNS = "id, text, token_ids, finish_reason, stop_reason, cumulative_logprob";
    private static final String OUTPUT = "text STRING, token_ids ARRAY<INT>, finish_reason STRING, stop_reason STRING,"
            + " cumulative_logprob DOUBLE, error STRING";
    private static final String OPTIONS = ", 'max-tokens' = '12', 'stop' = ' king,.'";

    private static final List<String> TEXTS = Prompts.of(PROMPTS, 1);

    private static Tables cluster;
    private static Map<String, CompletionRecord> ofTheJob;

    @BeforeAll
    static void start() throws Exception {
        cluster = Tables.start();
        ObjectNode fields = new ObjectMapper()
                .createObjectNode()
                .put("max_tokens", 12)
                .put("logprobs", 0)
                .put("return_token_ids", true);
        fields.putArray("stop").add(" king").add(".");
        ofTheJob = JobAnswers.of(cluster.environment(2), TEXTS, fields);
        assertThat(ofTheJob).hasSize(PROMPTS);
    }

    @AfterAll
    static void stop() throws IOException {
        cluster.close();
    }

    /** Returns the predictions of the first prompts. */
    private static List<Row> run(int prompts, int parallelism, String config) throws Exception {
        StreamExecutionEnvironment environment = cluster.environment(parallelism);
        StreamTableEnvironment tables = cluster.tables(environment);
        Tables.createPrompts(environment, tables, TEXTS.subList(0, prompts));
        Tables.createModel(tables, OUTPUT, OPTIONS);
        return Tables.collect(tables, Tables.predict(COLUMNS, config));
    }

    private static void assertSameAsTheJob(List<Row> rows, int prompts) {
        assertThat(rows).hasSize(prompts);
        for (Row row : rows) {
            CompletionChoice choice =
                    ofTheJob.get(Tables.name((int) row.getField("id"))).choices.get(0);
            assertThat(row.getField("text")).isEqualTo(choice.text);
            assertThat((Integer[]) row.getField("token_ids"))
                    .containsExactly(Arrays.stream(choice.tokenIds).boxed().toArray(Integer[]::new));
            assertThat(row.getField("finish_reason")).isEqualTo(choice.finishReason);
            assertThat(row.getField("stop_reason")).isEqualTo(choice.stopReason);
            assertThat(row.getField("cumulative_logprob")).isEqualTo(choice.cumulativeLogprob);
        }
        assertThat(rows.stream().map(row -> row.getField("id")).distinct()).hasSize(prompts);
    }

    private static List<Object> ids(List<Row> rows) {
        return rows.stream().map(row -> row.getField("id")).toList();
    }

    private static List<Integer> inOrder() {
        return IntStream.range(0, PROMPTS).boxed().toList();
    }

    @Test
    void inOrderEveryRowHasTheBitsOfTheJob() throws Exception {
        List<Row> rows = run(PROMPTS, 1, "'max-concurrent-operations', '32'");

        assertSameAsTheJob(rows, PROMPTS);
        assertThat(ids(rows)).isEqualTo(inOrder());
    }

    @Test
    void outOfOrderEveryRowHasTheBitsOfTheJob() throws Exception {
        List<Row> rows = run(PROMPTS, 2, "'output-mode', 'ALLOW_UNORDERED', 'max-concurrent-operations', '48'");

        assertSameAsTheJob(rows, PROMPTS);
        assertThat(ids(rows)).isNotEqualTo(inOrder());
    }

    @Test
    void oneByOneRowsHaveTheBitsOfTheJob() throws Exception {
        assertSameAsTheJob(run(SOME, 2, "'async', 'false'"), SOME);
    }

    @Test
    @Tag("full")
    void oneByOneEveryRowHasTheBitsOfTheJob() throws Exception {
        assertSameAsTheJob(run(PROMPTS, 2, "'async', 'false'"), PROMPTS);
    }

    @ParameterizedTest
    @CsvSource({"ORDERED", "ALLOW_UNORDERED"})
    void afterAFailureTheSameRowsComeWithTheSameTexts(String mode) throws Exception {
        FailOnce.FAILURES.set(0);
        StreamExecutionEnvironment environment = cluster.environment(2);
        StreamTableEnvironment tables = cluster.tables(environment);
        Tables.createPrompts(environment, tables, TEXTS.subList(0, MANY));
        Tables.createModel(tables, OUTPUT, OPTIONS);
        DataStream<Row> predicted = tables.toDataStream(tables.sqlQuery(
                Tables.predict(COLUMNS, "'output-mode', '" + mode + "', 'max-concurrent-operations', '24'")));
        TypeInformation<Row> type = predicted.getType();
        List<Row> rows = new ArrayList<>();
        try (CloseableIterator<Row> collected =
                predicted.map(new FailOnce()).returns(type).executeAndCollect()) {
            collected.forEachRemaining(rows::add);
        }

        assertThat(FailOnce.FAILURES).hasValue(1);
        assertSameAsTheJob(rows, MANY);
    }

    /** Fails once, after a checkpoint that rows in flight are in. */
    private static final class FailOnce extends RichMapFunction<Row, Row> implements CheckpointListener {
        private static final long serialVersionUID = 1L;
        private static final AtomicInteger FAILURES = new AtomicInteger();

        private transient int rows;
        private transient boolean checkpointed;

        @Override
        public Row map(Row row) throws IOException {
            rows++;
            if (checkpointed && rows > 20 && FAILURES.compareAndSet(0, 1)) {
                throw new IOException("injected by the test");
            }
            return row;
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            checkpointed |= rows > 5;
        }
    }

    private static List<Row> predict(List<String> prompts, String output, String options, String columns)
            throws Exception {
        StreamExecutionEnvironment environment = cluster.environment(1);
        StreamTableEnvironment tables = cluster.tables(environment);
        Tables.createPrompts(environment, tables, prompts);
        Tables.createModel(tables, output, options);
        return Tables.collect(tables, Tables.predict(columns, "'max-concurrent-operations', '8'"));
    }

    /** Each prompt has a digit, so that 40 of them have 40 tokens or more. */
    private static String longPrompt() {
        return "1 ".repeat(60);
    }

    private static List<String> mixed() {
        return Arrays.asList("Once upon", null, longPrompt(), "");
    }

    @Test
    void aRowThatFailsHasNullAndItsReason() throws Exception {
        List<Row> rows = predict(mixed(), OUTPUT, ", 'max-context-size' = '32', 'max-tokens' = '3'", "id, text, error");

        assertThat(rows).hasSize(4);
        assertThat(rows.get(0).getField("text")).isNotNull();
        assertThat(rows.get(0).getField("error")).isNull();
        assertThat(rows.get(1)).isEqualTo(Row.of(1, null, null));
        assertThat(rows.get(2).getField("text")).isNull();
        assertThat((String) rows.get(2).getField("error"))
                .startsWith("prompt: ")
                .contains("max-context-size of 32", "set context-overflow-action to have it cut");
        assertThat(rows.get(3).getField("text")).isNotNull();
    }

    @Test
    void aRowThatFailsCanBeDropped() throws Exception {
        String options = ", 'max-context-size' = '32', 'error-handling-strategy' = 'ignore'";

        assertThat(ids(predict(mixed(), OUTPUT, options, "id, text"))).containsExactly(0, 1, 3);
    }

    @Test
    void aPromptThatDoesNotFitCanBeSkippedAlone() throws Exception {
        String options = ", 'max-context-size' = '32', 'context-overflow-action' = 'skipped'"
                + ", 'error-handling-strategy' = 'failover'";

        assertThat(ids(predict(mixed(), OUTPUT, options, "id, text"))).containsExactly(0, 1, 3);
    }

    @Test
    void aRowThatFailsCanFailTheJob() {
        String options = ", 'max-context-size' = '32', 'error-handling-strategy' = 'failover'";

        assertThatThrownBy(() -> predict(mixed(), OUTPUT, options, "id, text"))
                .satisfies(failure ->
                        assertThat(ExceptionUtils.stringifyException(failure)).contains("max-context-size of 32"));
    }

    @ParameterizedTest
    @CsvSource({"truncated-tail, right", "truncated-head, left"})
    void aPromptIsCutAsTheJobCutsIt(String action, String side) throws Exception {
        List<String> prompts = List.of(longPrompt() + "end", "short");
        List<Row> rows = predict(
                prompts,
                "text STRING, dropped_tokens INT, prompt_tokens INT",
                ", 'max-tokens' = '12', 'context-overflow-action' = '" + action + "'",
                "id, text, dropped_tokens, prompt_tokens");
        ObjectNode fields =
                new ObjectMapper().createObjectNode().put("max_tokens", 12).put("truncate_prompt", side);
        Map<String, CompletionRecord> answers = JobAnswers.of(cluster.environment(1), prompts, fields);

        for (Row row : rows) {
            CompletionRecord answer = answers.get(Tables.name((int) row.getField("id")));
            assertThat(row.getField("text")).isEqualTo(answer.choices.get(0).text);
            assertThat(row.getField("dropped_tokens")).isEqualTo(answer.choices.get(0).promptTokensDropped);
            assertThat(row.getField("prompt_tokens")).isEqualTo(answer.promptTokens);
        }
    }

    @Test
    void severalCompletionsOfAPromptAreRowsOfTheirOwn() throws Exception {
        List<Row> rows = predict(
                TEXTS.subList(0, 4), "choice INT, text STRING", ", 'n' = '3', 'max-tokens' = '12'", "id, choice, text");
        ObjectNode fields =
                new ObjectMapper().createObjectNode().put("max_tokens", 12).put("n", 3);
        Map<String, CompletionRecord> answers = JobAnswers.of(cluster.environment(1), TEXTS.subList(0, 4), fields);

        assertThat(rows).hasSize(12);
        for (Row row : rows) {
            CompletionRecord answer = answers.get(Tables.name((int) row.getField("id")));
            assertThat(row.getField("text")).isEqualTo(answer.choices.get((int) row.getField("choice")).text);
        }
    }

    @Test
    void aRowWithoutAnIdHasTheTextOfTheRequestThatIsCalledAsItsPrompt() throws Exception {
        StreamExecutionEnvironment environment = cluster.environment(1);
        StreamTableEnvironment tables = cluster.tables(environment);
        Tables.createPrompts(environment, tables, List.of("row-1", "row-0"));
        tables.executeSql("CREATE TEMPORARY MODEL alone INPUT (prompt STRING) OUTPUT (text STRING) WITH"
                + " ('provider' = 'gpt2', 'max-tokens' = '12', 'model' = '" + Models.BUNDLED + "')");
        List<Row> rows =
                Tables.collect(tables, "SELECT text FROM ML_PREDICT(TABLE prompts, MODEL alone, DESCRIPTOR(prompt))");
        Map<String, CompletionRecord> answers = JobAnswers.of(
                cluster.environment(1),
                List.of("row-0", "row-1"),
                new ObjectMapper().createObjectNode().put("max_tokens", 12));

        assertThat(rows)
                .containsExactly(
                        Row.of(answers.get("row-1").choices.get(0).text),
                        Row.of(answers.get("row-0").choices.get(0).text));
    }
}
