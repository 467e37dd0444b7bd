package io.flinkgpt2.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonProblemTest {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private static String describe(String json) {
        return describe(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String describe(byte[] json) {
        String problem = JsonProblem.describe(catchThrowableOfType(IOException.class, () -> MAPPER.readTree(json)));
        assertThat(problem.lines()).hasSize(1);
        assertThat(problem).doesNotContain("`", "REDACTED", "Source", "Feature", "StreamRead");
        return problem;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'a': NaN} | Non-standard token 'NaN' at line 1,",
                "{'a': 1, | Unexpected end-of-input",
                "{'a': 1 | expected close marker for Object at line 1,",
                "{'a': x} | Unrecognized token 'x'",
                "{'a': 1, 'a': 2} | Duplicate field 'a' at line 1, column ",
                "{} {} | Trailing token (of type START_OBJECT) found after value",
                "{'a': /* 1 */ 2} | Unexpected character ('/' (code 47))",
                "{'a': ` } | Unexpected character",
                "{'a': 01} | Invalid numeric value: Leading zeroes not allowed",
            })
    void theReasonIsGivenWithoutAdviceToProgrammers(String json, String reason) {
        assertThat(describe(json.replace('\'', '"'))).contains(reason);
    }

    @Test
    void limitsOfTheParserAreNotNamedByItsSettings() {
        assertThat(describe("[".repeat(2_000)))
                .startsWith("Document nesting depth (1001) exceeds the maximum allowed (1000)");
        assertThat(describe("1".repeat(2_000)))
                .startsWith("Number value length (2000) exceeds the maximum allowed (1000)");
    }

    @Test
    void anotherEncodingIsSaid() {
        byte[] json = {0, 0, 0, '{', (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF};
        assertThat(describe(json)).isEqualTo("text that is not UTF-8");
        assertThat(describe("{\"a\": \"é\"}".getBytes(Charset.forName("ISO-8859-1"))))
                .contains("UTF-8");
    }
}
