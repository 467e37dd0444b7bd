package io.flinkgpt2.sql;

import static io.flinkgpt2.sql.Models.PROMPT;
import static io.flinkgpt2.sql.Models.column;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.generation.RequestGroup;
import io.flinkgpt2.job.JobArguments;
import io.flinkgpt2.job.JobSettings;
import io.flinkgpt2.job.record.PromptRecord;
import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordSource;
import io.flinkgpt2.job.record.RequestParser;
import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.metrics.groups.UnregisteredMetricsGroup;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.util.FlinkRuntimeException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows in, rows out, without Flink's planner: what the engine is asked for is what the job's parser asks it for. */
class RowsTest {

    private static final Column CUSTOM_ID = column("custom_id", DataTypes.STRING());
    private static final Column SEED = column("seed", DataTypes.BIGINT());
    private static final String LONG = "1 ".repeat(200);

    private static Pretrained model;
    private static RequestParser parser;

    @BeforeAll
    static void load() throws IOException {
        model = Pretrained.open(Models.BUNDLED);
        parser = JobSettings.from(JobArguments.parse(List.of(
                        "--kafka.bootstrap.servers=unused:1", "--model=" + Models.BUNDLED, "--max-context=128")))
                .generation()
                .parser(model);
    }

    private static ProviderSettings settings(List<Column> input, List<Column> output, Map<String, String> options) {
        Map<String, String> all = new HashMap<>(options);
        all.put("model", Models.BUNDLED.toString());
        all.put("max-context-size", "128");
        return Models.provider(input, output, all, Map.of()).settings();
    }

    private static RowRequest request(ProviderSettings settings, Object... values) throws RowException {
        return new RequestRows(settings, model).request(row(values));
    }

    private static RowData row(Object... values) {
        GenericRowData row = new GenericRowData(values.length);
        for (int i = 0; i < values.length; i++) {
            row.setField(i, values[i] instanceof String text ? StringData.fromString(text) : values[i]);
        }
        return row;
    }

    private static PromptRequest ofTheJob(ObjectNode fields, String prompt, String customId) throws Exception {
        ObjectNode request = fields.deepCopy().put("prompt", prompt).put("custom_id", customId);
        PromptRecord record = new PromptRecord(
                new RecordSource("t", 0, 0, 0), null, request.toString().getBytes(UTF_8), null);
        return parser.parse(record, 0);
    }

    private static void assertSame(RowRequest row, PromptRequest request) {
        assertThat(row.promptTokenIds()).isEqualTo(request.prompts[0]);
        assertThat(row.droppedTokens()).isEqualTo(request.droppedTokens[0]);
        assertThat(row.parameters()).usingRecursiveComparison().isEqualTo(request.parameters);
    }

    private static ObjectNode fields() {
        return new ObjectMapper().createObjectNode();
    }

    @Test
    void aRowWithAnIdAsksForWhatTheRequestWithThatIdAsksFor() throws Exception {
        ProviderSettings settings = settings(
                List.of(CUSTOM_ID, PROMPT), List.of(Models.TEXT), Map.of("temperature", "0.7", "top-k", "9", "n", "2"));
        ObjectNode fields = fields().put("temperature", 0.7).put("top_k", 9).put("n", 2);
        int i = 0;
        for (String prompt : Prompts.of(100, 3)) {
            String id = "id \u00e9 " + i++;
            assertSame(request(settings, id, prompt), ofTheJob(fields, prompt, id));
        }
    }

    @Test
    void aRowWithoutAnIdAsksForWhatTheRequestThatIsCalledAsItsPromptAsksFor() throws Exception {
        ProviderSettings alone = settings(List.of(PROMPT), List.of(Models.TEXT), Map.of());
        ProviderSettings withId = settings(List.of(PROMPT, CUSTOM_ID), List.of(Models.TEXT), Map.of());
        for (String prompt : Prompts.of(20, 4)) {
            PromptRequest request = ofTheJob(fields(), prompt, prompt);
            assertSame(request(alone, prompt), request);
            assertSame(request(withId, prompt, null), request);
        }
    }

    @Test
    void theSeedOfARowGoesBeforeThatOfTheOption() throws Exception {
        ProviderSettings settings =
                settings(List.of(PROMPT, SEED, CUSTOM_ID), List.of(Models.TEXT), Map.of("seed", "5"));

        assertThat(request(settings, "a", 7L, "id").parameters().seed()).isEqualTo(7);
        assertThat(request(settings, "a", null, "id").parameters().seed()).isEqualTo(5);
        assertSame(request(settings, "a", null, "id"), ofTheJob(fields().put("seed", 5), "a", "x"));
    }

    @ParameterizedTest
    @CsvSource({"truncated-tail, right", "truncated-tail-log, right", "truncated-head, left", "truncated-head-log, left"
    })
    void aPromptIsCutAsTheJobCutsIt(String action, String side) throws Exception {
        ProviderSettings settings =
                settings(List.of(PROMPT), List.of(Models.TEXT), Map.of("context-overflow-action", action));
        for (String prompt : List.of(LONG, "x" + LONG + "y", "short")) {
            RowRequest row = request(settings, prompt);
            assertSame(row, ofTheJobSeeded(side, prompt, row.parameters().seed()));
        }
    }

    /** It is encoded in pieces. */
    @Test
    void aPromptOfAMegabyteIsCutAsTheJobCutsIt() throws Exception {
        String prompt = LONG.repeat((1 << 20) / LONG.length() + 1);
        ProviderSettings settings =
                settings(List.of(PROMPT), List.of(Models.TEXT), Map.of("context-overflow-action", "truncated-head"));
        RowRequest row = request(settings, prompt);

        assertThat(row.droppedTokens()).isGreaterThan(500_000);
        assertSame(row, ofTheJobSeeded("left", prompt, row.parameters().seed()));
    }

    private static PromptRequest ofTheJobSeeded(String side, String prompt, long seed) throws Exception {
        return ofTheJob(fields().put("truncate_prompt", side).put("seed", seed), prompt, "x");
    }

    @Test
    void specialTokensAreTextUnlessTheyAreAllowed() throws Exception {
        for (boolean allowed : new boolean[] {true, false}) {
            ProviderSettings settings = settings(
                    List.of(PROMPT), List.of(Models.TEXT), Map.of("allow-special-tokens", String.valueOf(allowed)));
            assertThat(request(settings, "<|endoftext|>a").promptTokenIds()).hasSize(allowed ? 2 : 8);
        }
    }

    private static Collection<RowData> answers(ProviderSettings settings, Object... values) {
        RequestRows requests = new RequestRows(settings, model);
        AnswerRows answers = new AnswerRows(settings, model, new UnregisteredMetricsGroup());
        RowData row = row(values);
        if (requests.isNull(row)) {
            return answers.ofNull();
        }
        try {
            RowRequest request = requests.request(row);
            RequestGroup ended = new Generator(model.model(), model.tokenizer(), 128, 128)
                    .generate(new int[][] {request.promptTokenIds()}, request.parameters());
            return answers.of(request, ended.completions());
        } catch (RowException e) {
            return answers.ofRefused(e);
        }
    }

    private static ProviderSettings textAndError(Map<String, String> options) {
        return settings(List.of(PROMPT), List.of(Models.TEXT, Models.ERROR), options);
    }

    @Test
    void aRowThatFailsHasNullAndItsReason() {
        Collection<RowData> rows = answers(textAndError(Map.of()), LONG);

        assertThat(rows).singleElement().satisfies(row -> {
            assertThat(row.isNullAt(0)).isTrue();
            assertThat(row.getString(1).toString())
                    .isEqualTo("prompt: the prompt has 201 tokens, expected at most 127 with a max-context-size of 128;"
                            + " shorten it or raise max-context-size, at most to the model's n_positions, 256; or set"
                            + " context-overflow-action to have it cut");
        });
    }

    @Test
    void withoutTheColumnTheRowHasNullAlone() {
        Collection<RowData> rows = answers(settings(List.of(PROMPT), List.of(Models.TEXT), Map.of()), LONG);

        assertThat(rows)
                .singleElement()
                .satisfies(row -> assertThat(row.isNullAt(0)).isTrue());
    }

    @Test
    void aPromptThatIsNullHasNullWhateverTheStrategy() {
        for (String strategy : List.of("null", "ignore", "failover")) {
            assertThat(answers(textAndError(Map.of("error-handling-strategy", strategy)), (Object) null))
                    .singleElement()
                    .satisfies(row ->
                            assertThat(row.isNullAt(0) && row.isNullAt(1)).isTrue());
        }
    }

    @Test
    void aRowThatFailsCanBeDroppedOrFailTheJob() {
        assertThat(answers(textAndError(Map.of("error-handling-strategy", "ignore")), LONG))
                .isEmpty();
        assertThatThrownBy(() -> answers(textAndError(Map.of("error-handling-strategy", "failover")), LONG))
                .isInstanceOf(FlinkRuntimeException.class)
                .hasMessageStartingWith("prompt: the prompt has 201 tokens");
    }

    @Test
    void aPromptThatDoesNotFitCanBeSkippedAlone() {
        for (String action : List.of("skipped", "skipped-log")) {
            Map<String, String> options =
                    Map.of("context-overflow-action", action, "error-handling-strategy", "failover");
            assertThat(answers(textAndError(options), LONG)).isEmpty();
            assertThat(answers(textAndError(options), "fits")).hasSize(1);
        }
    }

    @Test
    void aGenerationThatFailsIsTreatedAsTheStrategySays() {
        RuntimeException failure = new ArithmeticException("logits are not numbers");
        for (String strategy : List.of("null", "ignore", "failover")) {
            AnswerRows answers = new AnswerRows(
                    textAndError(Map.of("error-handling-strategy", strategy)), model, new UnregisteredMetricsGroup());
            switch (strategy) {
                case "null" ->
                    assertThat(answers.ofFailed(failure))
                            .singleElement()
                            .satisfies(row ->
                                    assertThat(row.getString(1).toString()).isEqualTo("logits are not numbers"));
                case "ignore" -> assertThat(answers.ofFailed(failure)).isEmpty();
                default ->
                    assertThatThrownBy(() -> answers.ofFailed(failure))
                            .isInstanceOf(FlinkRuntimeException.class)
                            .hasCause(failure);
            }
        }
    }

    @Test
    void eachColumnHasItsValue() {
        List<Column> output = List.of(
                column("choice", DataTypes.INT()),
                column("model_revision", DataTypes.STRING()),
                column("completion_tokens", DataTypes.INT()),
                column("prompt_tokens", DataTypes.INT()),
                column("dropped_tokens", DataTypes.INT()),
                column("stop_reason", DataTypes.STRING()),
                column("finish_reason", DataTypes.STRING()),
                column("token_ids", DataTypes.ARRAY(DataTypes.INT())),
                column("error", DataTypes.STRING()));
        ProviderSettings settings =
                settings(List.of(PROMPT), output, Map.of("n", "3", "max-tokens", "5", "temperature", "0"));
        Collection<RowData> rows = answers(settings, "Once upon a time");

        assertThat(rows).extracting(row -> row.getInt(0)).containsExactly(0, 1, 2);
        assertThat(rows).allSatisfy(row -> {
            assertThat(row.getString(1).toString()).isEqualTo(model.revision());
            assertThat(row.getInt(2)).isEqualTo(5);
            assertThat(row.getInt(3)).isEqualTo(4);
            assertThat(row.getInt(4)).isZero();
            assertThat(row.getString(5).toString()).isEqualTo("max_tokens");
            assertThat(row.getString(6).toString()).isEqualTo("length");
            assertThat(row.getArray(7).size()).isEqualTo(5);
            assertThat(row.isNullAt(8)).isTrue();
        });
    }
}
