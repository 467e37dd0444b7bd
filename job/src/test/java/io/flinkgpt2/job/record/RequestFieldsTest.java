package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** The documentation of the fields is the table of the code. */
class RequestFieldsTest {

    private static final Path PAGE = Path.of("..", "docs", "request-fields.md");
    private static final String WRITE = "request.fields.write";

    private static String page() {
        StringBuilder page = new StringBuilder("# Fields of a request\n\n"
                + "A request is a JSON object with these fields, or a line of the Batch format:"
                + " `{\"custom_id\": …, \"method\": \"POST\", \"url\": \"/v1/completions\", \"body\": {…}}`.\n"
                + "A field that is null counts as absent. This page is written from the code;"
                + " `mvn -pl job -am test -Dtest=RequestFieldsTest -Dsurefire.failIfNoSpecifiedTests=false -D"
                + WRITE + "=true` writes it anew.\n\n"
                + "| field | value | default | option of `complete` | meaning |\n|---|---|---|---|---|\n");
        for (RequestField field : RequestFields.supported()) {
            String option = field.option().isPresent() ? "`" + field.optionName() + "`" : "";
            page.append(row(
                    "`" + field.name() + "`", field.type(), markdown(field.defaultValue()), option, field.meaning()));
        }
        page.append("\n## Known, and refused unless they change nothing\n\n"
                + "Clients of OpenAI's and vLLM's interfaces write out defaults; these values are taken.\n\n"
                + "| field | taken | any other value is |\n|---|---|---|\n");
        RequestFields.all().values().stream()
                .filter(field -> !field.isSupported())
                .forEach(
                        field -> page.append(row("`" + field.name() + "`", "`" + field.type() + "`", field.meaning())));
        return page.toString();
    }

    private static String markdown(String value) {
        return value.equals("{}") ? "`{}`" : value;
    }

    private static String row(String... cells) {
        return "| " + String.join(" | ", cells).strip() + " |\n";
    }

    @Test
    void theDocumentationIsTheTable() throws IOException {
        if (Boolean.getBoolean(WRITE)) {
            Files.writeString(PAGE, page());
        }
        assertThat(Files.readString(PAGE, UTF_8))
                .as("docs/request-fields.md; write it anew with -D" + WRITE + "=true")
                .isEqualTo(page());
    }

    @Test
    void everyFieldHasAMeaningAndItsRange() {
        assertThat(RequestFields.all().values()).allSatisfy(field -> {
            assertThat(field.meaning()).isNotBlank();
            assertThat(field.type()).isNotBlank();
        });
        assertThat(RequestFields.supported()).allMatch(RequestField::isSupported);
        assertThat(RequestFields.all())
                .hasSizeGreaterThan(RequestFields.supported().size());
    }
}
