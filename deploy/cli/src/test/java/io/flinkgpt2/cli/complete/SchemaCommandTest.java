package io.flinkgpt2.cli.complete;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.job.record.RequestFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaCommandTest {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static JsonNode schema(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("schema"));
        command.addAll(List.of(arguments));
        CommandRun run = CommandRun.withInput("", command.toArray(String[]::new));
        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        return MAPPER.readTree(run.out());
    }

    @ParameterizedTest
    @CsvSource({"request, Request", "completion, Completion", "dead-letter, Dead letter", "DEAD_LETTER, Dead letter"})
    void theSchemaOfARecordIsPrinted(String record, String title) throws IOException {
        JsonNode schema = schema("--output", record);

        assertThat(schema.get("$schema").textValue()).isEqualTo("https://json-schema.org/draft/2020-12/schema");
        assertThat(schema.get("title").textValue()).isEqualTo(title);
    }

    @Test
    void allOfThemArePrintedByTheirNames() throws IOException {
        JsonNode all = schema();

        assertThat(all.fieldNames()).toIterable().containsExactly("request", "completion", "dead-letter");
        assertThat(all).isEqualTo(schema("--output", "all"));
        assertThat(all.get("request")).isEqualTo(schema("--output", "request"));
        assertThat(all.at("/request/$defs/body/properties").fieldNames())
                .toIterable()
                .containsExactlyElementsOf(RequestFields.all().keySet());
    }
}
