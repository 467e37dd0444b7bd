package io.flinkgpt2.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NearestNameTest {

    private static final List<String> KNOWN =
            List.of("batch", "bench", "complete", "max-tokens", "max_context", "n", "top_p", "sql");

    @ParameterizedTest
    @CsvSource({
        "bacth, batch",
        "btach, batch",
        "benhc, bench",
        "BATCH, batch",
        "compelte, complete",
        "completee, complete",
        "maxTokens, max-tokens",
        "max.tokens, max-tokens",
        "max context, max_context",
        "mx_cntext, max_context",
        "top-p, top_p",
        "sqll, sql",
        "N, n"
    })
    void isTheOneThatDiffersLeast(String name, String meant) {
        assertThat(NearestName.of(name, KNOWN)).contains(meant);
        assertThat(NearestName.hint(name, KNOWN)).isEqualTo("; did you mean '" + meant + "'?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "m", "finish", "b", "cmplt", "___"})
    void isNoneWhereNothingIsNear(String name) {
        assertThat(NearestName.of(name, KNOWN)).isEmpty();
        assertThat(NearestName.hint(name, KNOWN)).isEmpty();
    }

    @Test
    void ofTwoThatAreEquallyNearTheFirstCounts() {
        assertThat(NearestName.of("batc", List.of("batch", "batcx"))).contains("batch");
    }

    @Test
    void aVeryLongNameIsNotCompared() {
        assertThat(NearestName.of("max_tokens" + "_".repeat(50_000), KNOWN)).isEmpty();
    }
}
