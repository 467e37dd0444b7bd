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

/** {@code ML_PREDICT} on a real cluster, beside the job's own operator. */
class MlPredictIT {

    private static final int PROMPTS = 256;
    /** Enough for a failure halfway. */
    private static final int MANY = 96;

    private static final int SOME = 32;

    private static final String COLUMNS = "id, text, token_ids, finish_reason, stop_reason, cumulative_logprob";
    private static final String OUTPUT = "text STRING, token_ids ARRAY<INT>, finish_reason STRING, stop_reason STRING,"
            + " cumulative_logprob DOUBLE, error STRING";
    private static final String OPTIONS = ", 'max-tokens' = '8', 'stop' = ' king,.'";

    private static final List<String> TEXTS = Prompts.of(PROMPTS, 1);

    private static Tables cluster;
    private static Map<String, CompletionRecord> ofTheJob;

    @BeforeAll
    static void start() throws Exception {
        cluster = Tables.start();
        ObjectNode fields = new ObjectMapper()
                .createObjectNode()
                .put("max_tokens", 8)
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

    private static List<Integer> inOrder(int prompts) {
        return IntStream.range(0, prompts).boxed().toList();
    }

    @Test
    void inOrderEveryRowHasTheBitsOfTheJob() throws Exception {
        List<Row> rows = run(PROMPTS, 1, "'max-concurrent-operations', '32'");

        assertSameAsTheJob(rows, PROMPTS);
        assertThat(ids(rows)).isEqualTo(inOrder(PROMPTS));
    }

    @Test
    void outOfOrderEveryRowHasTheBitsOfTheJob() throws Exception {
        List<Row> rows = run(MANY, 2, "'output-mode', 'ALLOW_UNORDERED', 'max-concurrent-operations', '48'");

        assertSameAsTheJob(rows, MANY);
        assertThat(ids(rows)).isNotEqualTo(inOrder(MANY));
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

    @Test
    void afterAFailureTheSameRowsComeWithTheSameTexts() throws Exception {
        failOnce("ORDERED");
    }

    @Test
    @Tag("full")
    void afterAFailureTheSameRowsComeWithTheSameTextsOutOfOrderToo() throws Exception {
        failOnce("ALLOW_UNORDERED");
    }

    private static void failOnce(String mode) throws Exception {
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
    @Tag("full")
    void aRowThatFailsCanFailTheJob() {
        String options = ", 'max-context-size' = '32', 'error-handling-strategy' = 'failover'";

        assertThatThrownBy(() -> predict(mixed(), OUTPUT, options, "id, text"))
                .satisfies(failure ->
                        assertThat(ExceptionUtils.stringifyException(failure)).contains("max-context-size of 32"));
    }
}
