package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.errorOf;
import static io.flinkgpt2.job.record.Requests.record;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.constraint.InvalidConstraintException;
import io.flinkgpt2.job.record.FieldCases.Case;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each supported field with values inside of its range, at its limits and past them; written to docs/field-coverage.md. */
class FieldCasesTest {

    private static final List<String> KINDS = List.of("valid", "edge", "invalid");
    private static final Path PAGE = Path.of("..", "docs", "field-coverage.md");
    private static final String WRITE = "request.fields.write";

    /** Takes every constraint but one that says that it is refused. */
    private static final RequestParser PARSER = Requests.parser(
            Tokenizer.gpt2(),
            Gpt2Config.published(12, 12, 768),
            128,
            Set.of("gpt2", "small"),
            UnknownFields.REJECT,
            RequestDefaults.ofTheFormat(),
            FieldCasesTest::check);

    private static void check(ConstraintSource constraint) throws InvalidConstraintException {
        if (constraint.texts().contains("(refused")) {
            throw new InvalidConstraintException("/at", "found 'x', expected y");
        }
    }

    static Stream<Case> taken() {
        return FieldCases.all().stream().filter(Case::isTaken);
    }

    static Stream<Case> refused() {
        return FieldCases.all().stream().filter(row -> !row.isTaken());
    }

    @ParameterizedTest
    @MethodSource("taken")
    void aValueInsideOfItsRangeIsTaken(Case row) throws Exception {
        PromptRequest request = PARSER.parse(record(row.json()), 0);

        int equals = row.expected().indexOf('=');
        String path = row.expected().substring(0, equals);
        String value = row.expected().substring(equals + 1).replace("\\n", "\n");
        assertThat(printed(part(request, path))).as(path).isEqualTo(value);
        // The same inside of an envelope.
        PromptRequest inEnvelope = PARSER.parse(record("{\"body\":" + row.json() + "}"), 0);
        assertThat(printed(part(inEnvelope, path))).isEqualTo(value);
    }

    @ParameterizedTest
    @MethodSource("refused")
    void aValueOutsideOfItsRangeIsRefusedByName(Case row) {
        RecordError error = errorOf(PARSER, record(row.json()));

        String[] expected = row.expected().split(" ");
        String param = expected.length > 1 ? expected[1] : row.field();
        assertThat(error.code).isEqualTo(expected[0]);
        assertThat(error.param).isEqualTo(param);
        assertThat(error.message).hasSizeLessThan(1_200);
        if (!expected[0].equals("unknown_field")) {
            assertThat(error.message).startsWith(param + ": ").containsAnyOf("found", "the prompt has");
        }
    }

    static Stream<RequestField> fields() {
        return RequestFields.supported().stream().filter(field -> !field.name().equals("prompt"));
    }

    @ParameterizedTest
    @MethodSource("fields")
    void aFieldThatIsNullCountsAsAbsent(RequestField field) throws InvalidRequestException {
        assertThat(PARSER.parse(record("{\"prompt\":\"Hi\",\"" + field.name() + "\":null}"), 0))
                .usingRecursiveComparison()
                .ignoringFields("record.value")
                .isEqualTo(PARSER.parse(record("{\"prompt\":\"Hi\"}"), 0));
    }

    @ParameterizedTest
    @MethodSource("fields")
    void theDefaultIsWhatAnAbsentFieldMeans(RequestField field) throws InvalidRequestException {
        if (field.defaultJson().isEmpty() || field.name().equals("metadata")) {
            return; // in words, or the copy of an empty object
        }
        assertThat(PARSER.parse(
                        record("{\"prompt\":\"Hi\",\"" + field.name() + "\":"
                                + field.defaultJson().get() + "}"),
                        0))
                .usingRecursiveComparison()
                .ignoringFields("record.value")
                .isEqualTo(PARSER.parse(record("{\"prompt\":\"Hi\"}"), 0));
    }

    @Test
    void everySupportedFieldHasCasesOfEachKind() throws IOException {
        List<Case> cases = FieldCases.all();
        StringBuilder page = new StringBuilder("# Tests of the fields\n\n"
                + "The numbers of values of each supported field that the build tries: inside of its range, at its limits,"
                + " past them or of another type.\n"
                + "The values are in `job/src/test/resources/records/field-cases.txt`; `FieldCasesTest` fails where a field"
                + " lacks one of the kinds, and writes this page with `-D" + WRITE + "=true`.\n\n"
                + "| field | valid | edge | invalid |\n|---|---|---|---|\n");
        for (RequestField field : RequestFields.supported()) {
            page.append("| `").append(field.name()).append("` |");
            for (String kind : KINDS) {
                long count = cases.stream()
                        .filter(row ->
                                row.field().equals(field.name()) && row.kind().equals(kind))
                        .count();
                assertThat(count).as(field.name() + " " + kind).isPositive();
                page.append(' ').append(count).append(" |");
            }
            page.append('\n');
        }
        assertThat(cases).allSatisfy(row -> {
            assertThat(RequestFields.all()).containsKey(row.field());
            assertThat(KINDS).contains(row.kind());
        });
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(PAGE, page);
        }
        assertThat(Files.readString(PAGE, UTF_8))
                .as("docs/field-coverage.md; write it anew with -D" + WRITE + "=true")
                .isEqualTo(page.toString());
    }

    /** Returns a part of a request by the names of fields and components. */
    private static Object part(Object whole, String path) throws ReflectiveOperationException {
        Object part = whole;
        for (String name : path.split("\\.")) {
            Class<?> type = part.getClass();
            part = type.isRecord()
                    ? type.getMethod(name).invoke(part)
                    : type.getField(name).get(part);
        }
        return part;
    }

    private static String printed(Object value) {
        String wrapped = Arrays.deepToString(new Object[] {value});
        return wrapped.substring(1, wrapped.length() - 1);
    }
}
