package io.flinkgpt2.cli.complete;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.cli.common.OutputLines;
import io.flinkgpt2.job.record.RecordSchemas;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code schema}: the JSON Schemas of the records. */
@Command(
        name = "schema",
        mixinStandardHelpOptions = true,
        description = {
            "Prints the JSON Schemas (draft 2020-12) of the records: requests, completions and dead letters.",
            "Without --output, one object that has each of them by its name."
        })
public final class SchemaCommand implements Callable<Integer> {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    @Option(
            names = "--output",
            paramLabel = "RECORD",
            defaultValue = "all",
            description = "request, completion, dead-letter or all (default: all).")
    private Kind kind;

    /** The kinds of records. */
    enum Kind {
        REQUEST,
        COMPLETION,
        DEAD_LETTER,
        ALL;

        /** As the option and the names of the output have it. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private JsonNode schema() throws IOException {
            return switch (this) {
                case REQUEST -> MAPPER.readTree(RecordSchemas.request());
                case COMPLETION -> MAPPER.readTree(RecordSchemas.completion());
                case DEAD_LETTER -> MAPPER.readTree(RecordSchemas.deadLetter());
                case ALL -> all();
            };
        }

        private static JsonNode all() throws IOException {
            ObjectNode schemas = MAPPER.createObjectNode();
            for (Kind kind : values()) {
                if (kind != ALL) {
                    schemas.set(kind.toString(), kind.schema());
                }
            }
            return schemas;
        }
    }

    @Override
    public Integer call() throws IOException {
        OutputLines.write(
                System.out,
                MAPPER.writerWithDefaultPrettyPrinter()
                        .writeValueAsString(kind.schema())
                        .getBytes(StandardCharsets.UTF_8));
        return 0;
    }
}
