package io.flinkgpt2.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class JsonFaultTest {
    private static final JsonFactory PARSERS = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(
                    StreamReadConstraints.builder().maxStringLength(70_000).build())
            .build();

    private static String reason(String text) {
        JsonProcessingException malformed = catchThrowableOfType(JsonProcessingException.class, () -> {
            try (JsonParser parser = PARSERS.createParser(text)) {
                while (parser.nextToken() != null) {
                    parser.getText();
                }
            }
        });
        assertThat(malformed).as(text).isNotNull();
        String reason = JsonFault.reason(malformed);
        assertThat(reason)
                .startsWith("found ")
                .doesNotContain("Feature", "REDACTED", "enable", "`", "JsonRead", "StreamRead", "ALLOW")
                .hasSizeLessThan(250);
        return reason;
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
                    {"a":NaN}         | found NaN, which JSON does not have; expected a finite number
                    {"a":-Infinity}   | found -Infinity, which JSON does not have; expected a finite number
                    {"a":True}        | found 'True', expected a value, such as a number or a string in double quotes
                    {} x              | found 'x', expected a value, such as a number or a string in double quotes
                    {"a":1,"a":2}     | found the name 'a' twice, expected it once
                    {"a":01}          | found a number with leading zeros, expected it without
                    {"a":+1}          | found a number with a plus sign, expected it without
                    {"a":1.}          | found '}' in a number, expected a digit
                    {"a":.5}          | found '.', expected a value, such as a number or a string in double quotes
                    {"a":0x10}        | found 'x', expected a comma or the end of the object
                    [1 2]             | found '2', expected a comma or the end of the array
                    {"a" 1}           | found '1', expected a colon after the name
                    {a:1}             | found 'a', expected a name in double quotes
                    {"a":1,}          | found '}', expected a name in double quotes
                    {"a":1}}          | found '}', which closes nothing that is open
                    {]                | found ']', which closes nothing that is open
                    {"a":"\\x"}       | found the escape of 'x', which JSON does not have
                    {"a":"\\u12g4"}   | found 'g' in an escape, expected four hexadecimal digits
                    {/*c*/}           | found '/', expected no comment: JSON does not have them
                    {"a":             | found the end of the text too early, expected the end of what it opened
                    ["a               | found the end of the text too early, expected the end of what it opened
                    """)
    void theReasonIsInTheWordsOfTheWriterOfTheText(String text, String reason) {
        assertThat(reason(text)).isEqualTo(reason);
    }

    static Stream<Arguments> unprintable() {
        return Stream.of(
                Arguments.of("[\"\t\"]", "found the control character 9 in a string, expected it escaped"),
                Arguments.of("\0", "found the control character 0, expected none but spaces, tabs and ends of lines"),
                Arguments.of("{\"\\n\\ud800\":1,\"\\n\\ud800\":2}", "found the name '??' twice, expected it once"),
                Arguments.of(
                        "[".repeat(2000), "found objects and arrays within each other, expected at most 1000 levels"),
                Arguments.of("9".repeat(2000), "found a number of 2000 characters or more, expected at most 1000"),
                Arguments.of(
                        "\"" + "s".repeat(70_001) + "\"",
                        "found a string of 70001 characters or more, expected at most 70000"));
    }

    @ParameterizedTest
    @MethodSource("unprintable")
    void whatTheReasonRepeatsIsPrintable(String text, String reason) {
        assertThat(reason(text)).isEqualTo(reason);
    }

    @Test
    void aLongNameIsShortened() {
        String name = "n".repeat(150);
        assertThat(reason("{\"" + name + "\":1,\"" + name + "\":1}")).contains("'" + "n".repeat(100) + "...'");
        assertThat(reason("{\"" + "n".repeat(60_000) + "\":1}")).contains("a name of ", "expected at most 50000");
    }

    @Test
    void thePlaceIsGivenAndAnotherEncodingNamed() {
        JsonMapper mapper = new JsonMapper();
        assertThat(JsonFault.describe(catchThrowableOfType(IOException.class, () -> mapper.readTree("{\"a\" 1}"))))
                .startsWith("found '1', expected a colon after the name, at line 1, column ");
        byte[] utf32 = {0, 0, 0, '{', (byte) 0xFF, (byte) 0xFF, (byte) 0xFF, (byte) 0xFF};
        assertThat(JsonFault.describe(catchThrowableOfType(IOException.class, () -> mapper.readTree(utf32))))
                .isEqualTo("found text that is not UTF-8");
    }

    @Test
    void aMessageOfAnUnknownFormIsNotRepeated() {
        assertThat(JsonFault.reason(new StreamConstraintsException("enable `Something`")))
                .isEqualTo("found malformed text, expected one JSON value");
    }
}
