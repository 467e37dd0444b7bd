package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MissingFieldsTest {

    private static final MissingFields DEFAULTS = new MissingFields(Map.of("n", "5", "t", "0.5"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|{\"n\":5,\"t\":0.5}",
                " { } |{\"n\":5,\"t\":0.5 }",
                "{\"p\": \"x\"}|{\"n\":5,\"t\":0.5,\"p\": \"x\"}",
                "{\"p\": {\"n\": 1}}|{\"n\":5,\"t\":0.5,\"p\": {\"n\": 1}}",
                "{\"n\": 7}|{\"t\":0.5,\"n\": 7}",
                "{\"n\": 7, \"t\": [1e2, -0.0]}|{\"n\": 7, \"t\": [1e2, -0.0]}",
                "{\"t\":null,\"n\":null}|{\"t\":0.5,\"n\":5}",
                "{\"p\": 1, \"t\" : null , \"q\": 2}|{\"n\":5,\"p\": 1, \"t\" : 0.5 , \"q\": 2}",
                "{\"b\": null, \"body\": {\"p\": 1}, \"n\": 3}|{\"b\": null, \"body\": {\"n\":5,\"t\":0.5,\"p\": 1}, \"n\": 3}",
                "{\"body\": {\"t\": null}}|{\"body\": {\"n\":5,\"t\": 0.5}}",
                "{\"body\": null, \"n\": null}|{\"t\":0.5,\"body\": null, \"n\": 5}",
                "{\"p\": \"König 🏰\", \"t\": null}|{\"n\":5,\"p\": \"König 🏰\", \"t\": 0.5}",
                "\ufeff{\"p\": 1}|{\"n\":5,\"t\":0.5,\"p\": 1}",
                "{\"\\u006e\": 1}|{\"t\":0.5,\"\\u006e\": 1}",
            })
    void lackingFieldsAndNullsAreFilledAndAllElseStays(String request, String filled) {
        assertThat(DEFAULTS.fill(request.getBytes(UTF_8))).asString(UTF_8).isEqualTo(filled);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "7",
                "[{}]",
                "\"{}\"",
                "{",
                "{} {}",
                "{} x",
                "{\"p\": 1,}",
                "{\"p\": 1, \"p\": 2}",
                "{\"body\": [1]}",
                "{\"body\": 3}",
                "{\"body\": {}",
                "\uFEFF\uFEFF{}",
                "{\"p\": NaN}",
                "null"
            })
    void whatIsNoObjectIsLeftForTheParserToRefuse(String request) {
        assertUnchanged(request.getBytes(UTF_8));
    }

    @Test
    void otherEncodingsAreLeftForTheParserToRefuse() {
        assertUnchanged("{\"p\": \"König\"}".getBytes(ISO_8859_1));
        assertUnchanged("{\"p\": 1}".getBytes(UTF_16LE));
    }

    @Test
    void deepNestingIsLeftForTheParserToJudge() {
        assertUnchanged(("{\"p\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}").getBytes(UTF_8));
    }

    @Test
    void withoutDefaultsNothingIsRead() {
        byte[] request = "{\"p\": 1".getBytes(UTF_8);
        assertThat(new MissingFields(Map.of()).fill(request)).isSameAs(request);
    }

    private static void assertUnchanged(byte[] request) {
        assertThat(DEFAULTS.fill(request.clone())).isEqualTo(request);
    }
}
