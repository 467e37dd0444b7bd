package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.Requests.NOW;
import static io.flinkgpt2.job.record.Requests.errorOf;
import static io.flinkgpt2.job.record.Requests.parser;
import static io.flinkgpt2.job.record.Requests.record;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.tensor.Activation;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.nio.charset.Charset;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvalidRequestTest {

    /** Code, param, a part of the message, JSON. */
    @ParameterizedTest(name = "{0} {1} {3}")
    @CsvSource(delimiter = '|', nullValues = "-", quoteCharacter = '`', textBlock = """
                    # not JSON
                    invalid_json | - | white space                      | `  `
                    invalid_json | - | line 1, column                   | {"prompt":"Hi"
                    invalid_json | - | more text after its end          | {"prompt":"Hi"} {"prompt":"Hi"}
                    invalid_json | - | not JSON                         | {"prompt":"Hi"}}
                    invalid_json | - | not JSON                         | {"prompt":"Hi"} x
                    invalid_json | - | found the name 'prompt' twice    | {"prompt":"Hi","prompt":"Hi"}
                    invalid_json | - | found the name 'a' twice         | {"prompt":"Hi","metadata":{"a":1,"b":{},"a":1}}
                    invalid_json | - | near the field 'temperature': found NaN, which JSON does not have | {"prompt":"Hi","temperature":NaN}
                    invalid_json | - | near the field 'max_tokens': found Infinity, which JSON does not have; expected a finite number | {"prompt":"Hi","max_tokens":Infinity}
                    invalid_json | - | near the field 'prompt': found NaN | {"prompt":[1,NaN]}
                    invalid_json | - | found a number with leading zeros | {"prompt":"Hi","max_tokens":01}
                    invalid_json | - | found ''', expected a name in double quotes | {'prompt':'Hi'}
                    invalid_json | - | found '}', expected a name in double quotes | {"prompt":"Hi",}
                    invalid_json | - | found the escape of 'x'          | {"prompt":"\\x"}
                    invalid_json | - | found 'True', expected           | {"prompt":"Hi","echo":True}
                    invalid_json | - | not JSON                         | {"bogus":1,"prompt":
                    invalid_json | - | not JSON                         | prompt
                    # another type
                    invalid_type | -           | found an array         | [{"prompt":"Hi"}]
                    invalid_type | -           | a single value         | "Hi"
                    invalid_type | -           | a single value         | null
                    invalid_type | prompt      | found 5                | {"prompt":5}
                    invalid_type | prompt      | found an object        | {"prompt":{}}
                    invalid_type | prompt      | found true             | {"prompt":true}
                    invalid_type | prompt      | at index 1: found the string 'a' | {"prompt":[1,"a"]}
                    invalid_type | prompt      | at index 0: found 1.5  | {"prompt":[1.5]}
                    invalid_type | prompt      | at index 1: found 5 after a string | {"prompt":["a",5]}
                    invalid_type | prompt      | at index 1: found null after an array | {"prompt":[[1],null]}
                    invalid_type | prompt      | at index 0: found an array | {"prompt":[[[1]]]}
                    invalid_type | prompt      | at index 0: found null | {"prompt":[null]}
                    invalid_type | prompt      | at index 1: found an array | {"prompt":[1,[2]]}
                    invalid_type | max_tokens  | found 16.5, expected an integer, 0..2147483647 | {"prompt":"Hi","max_tokens":16.5}
                    invalid_type | max_tokens  | found 1e-1             | {"prompt":"Hi","max_tokens":1e-1}
                    invalid_type | max_tokens  | found the string '16'  | {"prompt":"Hi","max_tokens":"16"}
                    invalid_type | max_tokens  | found true             | {"prompt":"Hi","max_tokens":true}
                    invalid_type | top_k       | found 1.5              | {"prompt":"Hi","top_k":1.5}
                    invalid_type | temperature | found the string '1'   | {"prompt":"Hi","temperature":"1"}
                    invalid_type | top_p       | found an array         | {"prompt":"Hi","top_p":[1]}
                    invalid_type | seed        | found 1.00000000000000000001 | {"prompt":"Hi","seed":1.00000000000000000001}
                    invalid_type | custom_id   | found 7                | {"prompt":"Hi","custom_id":7}
                    invalid_type | model       | found an object        | {"prompt":"Hi","model":{}}
                    invalid_type | metadata    | found the string 'm'   | {"prompt":"Hi","metadata":"m"}
                    invalid_type | metadata    | found an array         | {"prompt":"Hi","metadata":[]}
                    invalid_type | user        | found 1                | {"prompt":"Hi","user":1}
                    invalid_type | truncate_prompt | found true, expected a string | {"prompt":"Hi","truncate_prompt":true}
                    invalid_type | allow_special_tokens | found the string 'true', expected true or false | {"prompt":"Hi","allow_special_tokens":"true"}
                    invalid_type | allow_special_tokens | found 1            | {"prompt":"Hi","allow_special_tokens":1}
                    invalid_type | body        | found the string 'b'   | {"body":"b"}
                    invalid_type | method      | found 1                | {"method":1,"body":{"prompt":"Hi"}}
                    # out of range
                    invalid_value | max_tokens  | found -1              | {"prompt":"Hi","max_tokens":-1}
                    invalid_value | max_tokens  | found 2147483648      | {"prompt":"Hi","max_tokens":2147483648}
                    invalid_value | top_k       | found -2, expected an integer, -1..2147483647 | {"prompt":"Hi","top_k":-2}
                    invalid_value | max_tokens  | found 1e400           | {"prompt":"Hi","max_tokens":1e400}
                    invalid_value | max_tokens  | found 1e99999999999   | {"prompt":"Hi","max_tokens":1e99999999999}
                    invalid_value | prompt      | at index 0: found 1e400 | {"prompt":[1e400]}
                    invalid_value | seed        | found 9.223372036854775808e18 | {"prompt":"Hi","seed":9.223372036854775808e18}
                    invalid_value | seed        | found 9223372036854775808 | {"prompt":"Hi","seed":9223372036854775808}
                    invalid_value | temperature | found -0.1, expected a number of 0 or more | {"prompt":"Hi","temperature":-0.1}
                    invalid_value | temperature | found 1e309           | {"prompt":"Hi","temperature":1e309}
                    invalid_value | temperature | found 1e99999999999   | {"prompt":"Hi","temperature":1e99999999999}
                    invalid_value | top_p       | above 0 and at most 1 | {"prompt":"Hi","top_p":0}
                    invalid_value | top_p       | found 1.001           | {"prompt":"Hi","top_p":1.001}
                    invalid_value | custom_id   | found 0 characters    | {"prompt":"Hi","custom_id":""}
                    invalid_value | custom_id   | found 'a' in the envelope and 'b' in the body | {"custom_id":"a","body":{"custom_id":"b","prompt":"Hi"}}
                    invalid_value | method      | found 'GET', expected 'POST' | {"method":"GET","body":{"prompt":"Hi"}}
                    invalid_value | url         | expected '/v1/completions' | {"url":"/v1/chat/completions","body":{"prompt":"Hi"}}
                    invalid_value | prompt      | at index 1: found 50257, expected 0..50256 | {"prompt":[1,50257]}
                    invalid_value | prompt      | at index 0: found -1  | {"prompt":[-1]}
                    invalid_value | prompt      | at index 0: found 4294967297 | {"prompt":[4294967297]}
                    invalid_value | truncate_prompt | found 'middle', expected 'error', 'left' or 'right' | {"prompt":"Hi","truncate_prompt":"middle"}
                    invalid_value | truncate_prompt | found 'LEFT'    | {"prompt":"Hi","truncate_prompt":"LEFT"}
                    # half a character
                    invalid_value | prompt      | lone surrogate U+D800 | {"prompt":"a\\ud800"}
                    invalid_value | prompt      | lone surrogate U+DC00 | {"prompt":"\\udc00\\ud800"}
                    invalid_value | custom_id   | lone surrogate U+D800 | {"prompt":"Hi","custom_id":"\\ud800x"}
                    invalid_value | user        | lone surrogate U+DFFF | {"prompt":"Hi","user":"\\udfff"}
                    invalid_value | metadata    | lone surrogate U+D83D | {"prompt":"Hi","metadata":{"a":["\\ud83d"]}}
                    invalid_value | metadata    | lone surrogate U+D83D | {"prompt":"Hi","metadata":{"\\ud83d":1}}
                    # fields
                    missing_field     | prompt   | expected a string      | {}
                    missing_field     | prompt   | expected a string      | {"prompt":null}
                    missing_field     | prompt   | expected a string      | {"body":{}}
                    unknown_field     | promt    | unknown field 'promt'; did you mean 'prompt'? Known fields: custom_id, | {"promt":"Hi"}
                    unknown_field     | Prompt   | unknown field 'Prompt'; did you mean 'prompt'? | {"Prompt":"Hi"}
                    unknown_field     | bogus    | unknown field 'bogus'. Known fields: custom_id, | {"bogus":"Hi"}
                    unknown_field     | method   | records.unknown-fields | {"prompt":"Hi","method":"POST"}
                    unknown_field     | method   | belongs to the envelope, outside of 'body' | {"prompt":"Hi","method":"POST"}
                    unknown_field     | prompt   | 'prompt' of the envelope; it belongs into 'body' | {"prompt":"Hi","body":{"prompt":"Hi"}}
                    unknown_field     | customId | 'customId' of the envelope; did you mean 'custom_id'? Known fields: custom_id, method, url, body. | {"customId":"a","body":{"prompt":"Hi"}}
                    unknown_field     | body     | it belongs to the envelope | {"body":{"body":{},"prompt":"Hi"}}
                    model_not_found   | model    | found 'gpt3', expected one of [gpt2, small] | {"prompt":"Hi","model":"gpt3"}
                    model_not_found   | model    | found ''               | {"prompt":"Hi","model":""}
                    invalid_value     | n        | found 0, expected an integer, 1..128 | {"prompt":"Hi","n":0}
                    invalid_type      | n        | found the string '1'   | {"prompt":"Hi","n":"1"}
                    invalid_value     | timeout_ms | found 0              | {"prompt":"Hi","timeout_ms":0}
                    unsupported_field | stream   | found true, which is not supported | {"prompt":"Hi","stream":true}
                    unsupported_field | stream   | what changes nothing: false | {"prompt":"Hi","stream":true}
                    unsupported_field | guided_grammar | use structured_outputs | {"prompt":"Hi","guided_grammar":"g"}
                    """)
    void whatIsWrongIsSaid(String code, String param, String part, String json) {
        RecordError error = errorOf(json);

        assertThat(error.code).isEqualTo(code);
        assertThat(error.param).isEqualTo(param);
        assertThat(error.type).isEqualTo("invalid_request_error");
        assertThat(error.message).contains(part);
        if (param != null) {
            assertThat(error.message).contains(param);
        }
    }

    @Test
    void aTombstoneAndAnEmptyValueAreEmpty() {
        assertThat(errorOf(record((byte[]) null)).message).contains("tombstone");
        assertThat(errorOf(record((byte[]) null)).code).isEqualTo("empty_value");
        assertThat(errorOf(record(new byte[0])).code).isEqualTo("empty_value");
    }

    @ParameterizedTest
    @CsvSource({
        "ff, 0xFF",
        "c0af, 0xC0", // overlong
        "eda080, 0xED", // a surrogate
        "f4908080, 0xF4", // past U+10FFFF
        "e282, 0xE2" // unfinished
    })
    void bytesThatAreNotUtf8AreNamedByTheirIndex(String hex, String found) {
        byte[] bad = HexFormat.of().parseHex(hex);
        byte[] value = "{\"prompt\":\"é\"}    ".getBytes(UTF_8);
        System.arraycopy(bad, 0, value, value.length - bad.length, bad.length);

        RecordError error = errorOf(record(value));

        assertThat(error.code).isEqualTo("invalid_utf8");
        assertThat(error.param).isNull();
        assertThat(error.message).contains(found + " at index " + (value.length - bad.length) + " of " + value.length);
    }

    @Test
    void utf8IsCheckedInStrings() {
        assertThat(errorOf(record("{\"prompt\":\"é\"}".getBytes(ISO_8859_1))).message)
                .contains("0xE9 at index 11 of 14");
    }

    @ParameterizedTest
    @CsvSource({
        "UTF-16LE, UTF-16",
        "UTF-16BE, UTF-16",
        "UTF-16, UTF-16", // with a byte order mark
        "x-UTF-16LE-BOM, UTF-16",
        "UTF-32LE, UTF-32",
        "UTF-32BE, UTF-32",
        "X-UTF-32LE-BOM, UTF-32",
        "X-UTF-32BE-BOM, UTF-32"
    })
    void otherEncodingsAreNamed(String charset, String named) {
        for (String json : List.of("{\"prompt\":\"é😀\"}", " {}", "[1,\"漢\"]")) {
            RecordError error = errorOf(record(json.getBytes(Charset.forName(charset))));

            assertThat(error.code).isEqualTo("invalid_utf8");
            assertThat(error.message).contains("found " + named + ", expected JSON in UTF-8; convert it");
        }
    }

    @Test
    void aByteOrderMarkIsCountedWhereBytesAre() {
        byte[] value = "\ufeff{\"prompt\":\"x\"}".getBytes(UTF_8);
        value[14] = (byte) 0xFF;

        assertThat(errorOf(record(value)).message).contains("0xFF at index 14 of 17");
        assertThat(errorOf("\ufeff").message).contains("nothing but white space");
        assertThat(errorOf("\ufeff\ufeff{}").code).isEqualTo("invalid_json");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "{\"a\":"})
    void endlessNestingIsNotJson(String opening) {
        String nested = opening.repeat(200_000);

        assertThat(errorOf(nested).code).isEqualTo("invalid_json");
        assertThat(errorOf("{\"prompt\":" + nested).code).isEqualTo("invalid_json");
        assertThat(errorOf("{\"metadata\":{\"m\":" + nested).code).isEqualTo("invalid_json");
    }

    @Test
    void deepButAllowedNestingIsCopied() throws InvalidRequestException {
        String metadata = "{\"m\":" + "[".repeat(990) + "]".repeat(990) + "}";

        assertThat(Requests.parse("{\"prompt\":[1],\"metadata\":" + metadata + "}").metadata)
                .isEqualTo(metadata);
    }

    @Test
    void messagesNeverRepeatMuchOfTheRequest() {
        String huge = "y".repeat(49_000);
        for (String json : new String[] {
            "{\"" + huge + "\":1}",
            "{\"" + huge + "\":1,\"" + huge + "\":2}",
            "{\"prompt\":" + huge + "}",
            "{\"prompt\":[\"" + huge + "\"]}",
            "{\"prompt\":\"Hi\",\"model\":\"" + huge + "\"}",
            "{\"prompt\":\"Hi\",\"max_tokens\":\"" + huge + "\"}",
            "{\"prompt\":\"Hi\",\"max_tokens\":" + "9".repeat(900) + "}",
            "{\"prompt\":\"Hi\",\"n\":\"" + huge + "\"}",
            "{\"custom_id\":\"" + huge + "\",\"prompt\":\"Hi\"}",
            "{\"method\":\"" + huge + "\",\"body\":{}}"
        }) {
            RecordError error = errorOf(json);

            assertThat(error.message).hasSizeLessThan(1_200);
            assertThat(error.param == null ? "" : error.param).hasSizeLessThan(120);
        }
    }

    @Test
    void messagesStayOnOneLineAndWellFormed() {
        RecordError error = errorOf("{\"a\\n\\u0000\\ud800" + "b".repeat(93) + "😀\":1}");

        assertThat(error.code).isEqualTo("unknown_field");
        assertThat(error.message).doesNotContain("\n", "\0").contains("'a??\uFFFDb");
        assertThat(UTF_8.newEncoder().canEncode(error.message)).isTrue();
        assertThat(UTF_8.newEncoder().canEncode(error.param)).isTrue();
    }

    @Test
    void aNumberOfTooManyDigitsIsRefused() {
        assertThat(errorOf("{\"prompt\":\"Hi\",\"seed\":" + "9".repeat(2_000) + "}").code)
                .isEqualTo("invalid_json");
    }

    @Test
    void aDocumentOfTooManyNamesIsRefused() {
        String names = IntStream.rangeClosed(0, RequestReader.MAX_NAMES)
                .mapToObj(i -> "\"" + i + "\":0")
                .collect(Collectors.joining(","));

        assertThat(errorOf("{\"metadata\":{" + names + "}}").code).isEqualTo("too_large");
    }

    @Test
    void anIdOf513CharactersIsTooLong() {
        assertThat(errorOf("{\"prompt\":[1],\"custom_id\":\"" + "😀".repeat(513) + "\"}").message)
                .contains("found 513 characters, expected 1..512");
    }

    @Test
    void rule1_3_aPromptThatLeavesNoRoomIsTooLong() {
        String ids = "1" + ",1".repeat(127);
        for (String json : new String[] {
            "{\"prompt\":[" + ids + "]}",
            "{\"prompt\":[" + ids + ",1],\"max_tokens\":0}",
            "{\"prompt\":\"" + " a".repeat(128) + "\"}"
        }) {
            RecordError error = errorOf(json);

            assertThat(error.code).isEqualTo("context_length_exceeded");
            assertThat(error.param).isEqualTo("prompt");
            assertThat(error.message)
                    .containsPattern("has 12[89] tokens, expected at most 12[78] with a max-context of 128");
        }
    }

    @Test
    void aHugePromptIsRefusedByItsLengthAlone() {
        int bytes = 20 << 20;
        RecordError error = errorOf("{\"prompt\":\"" + "é".repeat(bytes / 2) + "\"}");

        assertThat(error.code).isEqualTo("context_length_exceeded");
        assertThat(error.message)
                .contains("at least " + bytes / Tokenizer.gpt2().longestTokenBytes() + " tokens, expected at most 127");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", " ", "1", "%", "é", "漢", "😀", "\\n", "'s", "\\u0000"})
    void endlessWordsAreRefusedAndNothingElse(String word) {
        // Just short enough to be encoded, in one piece of the tokenizer's pattern.
        RequestParser parser = parser(UnknownFields.REJECT, 1024);

        RecordError error = errorOf(parser, record("{\"prompt\":\"" + word.repeat(32_000) + "\"}"));

        assertThat(error.code).isEqualTo("context_length_exceeded");
        assertThat(error.message).contains("expected at most 1023");
    }

    @Test
    void aHugePromptOfTokenIdsIsCountedWhole() {
        assertThat(errorOf("{\"prompt\":[1" + ",1".repeat(999_999) + "]}").message)
                .contains("1000000 tokens");
        assertThat(errorOf("{\"prompt\":[1" + ",1".repeat(999_999) + ",[]]}").message)
                .contains("index 1000000");
    }

    @Test
    void rule2_4_anEmptyPromptNeedsAnEndOfText() {
        Gpt2Config withoutEndOfText = new Gpt2Config(
                50256, 64, 8, 1, 2, 32, Activation.GELU_TANH, 1e-5f, true, false, true, OptionalInt.empty());
        RequestParser parser = Requests.parser(Tokenizer.gpt2(), withoutEndOfText, 64, Set.of());

        RecordError error = errorOf(parser, record("{\"prompt\":\"\"}"));

        assertThat(error.code).isEqualTo("invalid_value");
        assertThat(error.param).isEqualTo("prompt");
        assertThat(error.message).contains("no end-of-text token");
    }

    @Test
    void whatABigKeyOrIdWouldMakeOfTheAnswerIsTooLarge() {
        PromptRecord bigKey = record(new byte[Requests.MAX_COPIED_BYTES], "{\"custom_id\":\"i\",\"prompt\":[1]}");
        // Valid UTF-8, so it is the id too, where each byte takes six.
        PromptRecord escaped = record(new byte[Requests.MAX_COPIED_BYTES / 6], "{\"prompt\":[1]}");

        assertThat(errorOf(bigKey).code).isEqualTo("too_large");
        assertThat(errorOf(escaped).code).isEqualTo("too_large");
    }

    @Test
    void theExceptionNamesItsCodeAndKeepsItsCause() {
        assertThatExceptionOfType(InvalidRequestException.class)
                .isThrownBy(() -> parser().parse(record("{"), NOW))
                .withMessageStartingWith("invalid_json: the value is not JSON at line 1, column ")
                .withCauseInstanceOf(JsonProcessingException.class);
    }
}
