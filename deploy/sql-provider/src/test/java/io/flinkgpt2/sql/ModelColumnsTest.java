package io.flinkgpt2.sql;

import static io.flinkgpt2.sql.Models.PROMPT;
import static io.flinkgpt2.sql.Models.TEXT;
import static io.flinkgpt2.sql.Models.assertRefused;
import static io.flinkgpt2.sql.Models.column;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ModelColumnsTest {

    @Test
    void allColumnsAreTakenInAnyOrder() {
        List<Column> input = List.of(
                column("seed", DataTypes.BIGINT()),
                column("prompt", DataTypes.STRING().notNull()),
                column("custom_id", DataTypes.STRING()));
        List<Column> output = Arrays.stream(OutputColumn.values())
                .sorted((a, b) -> b.compareTo(a))
                .map(known -> column(known.columnName(), type(known)))
                .toList();
        ProviderSettings settings = Models.provider(input, output, Map.of("model", Models.BUNDLED.toString()), Map.of())
                .settings();

        assertThat(settings.columns().input())
                .containsExactly(InputColumn.SEED, InputColumn.PROMPT, InputColumn.CUSTOM_ID);
        assertThat(settings.columns().output())
                .hasSize(11)
                .startsWith(OutputColumn.ERROR)
                .endsWith(OutputColumn.TEXT);
        assertThat(settings.parameters(1).scores().wantsGenerated()).isTrue();
    }

    private static DataType type(OutputColumn column) {
        return switch (column) {
            case TOKEN_IDS -> DataTypes.ARRAY(DataTypes.INT().notNull());
            case CUMULATIVE_LOGPROB -> DataTypes.DOUBLE();
            case CHOICE, PROMPT_TOKENS, COMPLETION_TOKENS, DROPPED_TOKENS -> DataTypes.INT();
            default -> DataTypes.STRING();
        };
    }

    static List<Arguments> schemas() {
        return List.of(
                Arguments.of(
                        List.of(column("promt", DataTypes.STRING())),
                        List.of(TEXT),
                        "INPUT: found the column 'promt', expected columns among prompt STRING, custom_id STRING, seed"
                                + " BIGINT; did you mean 'prompt'?"),
                Arguments.of(
                        List.of(column("prompt", DataTypes.INT())),
                        List.of(TEXT),
                        "INPUT: column 'prompt': found INT, expected STRING"),
                Arguments.of(
                        List.of(column("prompt", DataTypes.VARCHAR(10))),
                        List.of(TEXT),
                        "INPUT: column 'prompt': found VARCHAR(10), expected STRING"),
                Arguments.of(
                        List.of(column("custom_id", DataTypes.STRING())),
                        List.of(TEXT),
                        "INPUT: found the columns (custom_id STRING), expected prompt STRING among them"),
                Arguments.of(
                        List.of(PROMPT),
                        List.of(column("answer", DataTypes.STRING())),
                        "OUTPUT: found the column 'answer', expected columns among text STRING, token_ids ARRAY<INT>"),
                Arguments.of(
                        List.of(PROMPT),
                        List.of(TEXT, column("token_ids", DataTypes.ARRAY(DataTypes.BIGINT()))),
                        "OUTPUT: column 'token_ids': found ARRAY<BIGINT>, expected ARRAY<INT>"),
                Arguments.of(
                        List.of(PROMPT),
                        List.of(TEXT, column("cumulative_logprob", DataTypes.FLOAT())),
                        "OUTPUT: column 'cumulative_logprob': found FLOAT, expected DOUBLE"),
                Arguments.of(
                        List.of(PROMPT),
                        List.of(column("text", DataTypes.STRING().notNull())),
                        "OUTPUT: column 'text': found STRING NOT NULL, expected STRING, for a row that fails has NULL"));
    }

    @ParameterizedTest
    @MethodSource("schemas")
    void aSchemaThatDoesNotFitIsRefusedByName(List<Column> input, List<Column> output, String message) {
        assertRefused(
                () -> Models.provider(input, output, Map.of("model", Models.BUNDLED.toString()), Map.of()), message);
    }

    @ParameterizedTest
    @EnumSource(OutputColumn.class)
    void theTypeOfEachColumnIsSpelledAsSqlDoes(OutputColumn column) {
        assertThat(column.type().asSummaryString()).isIn("STRING", "ARRAY<INT>", "DOUBLE", "INT");
        assertThat(column.type().isNullable()).isTrue();
    }
}
