package io.flinkgpt2.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class InvalidModelExceptionTest {

    @Test
    void saysWhereWhatWasFoundWhatWasExpectedAndWhatToDo() {
        Throwable cause = new ArithmeticException();
        InvalidModelException e =
                new InvalidModelException(Path.of("config.json"), "n_head", "5", "a divisor of 48", "mend it", cause);
        assertThat(e)
                .hasMessage("config.json: n_head: found 5, expected a divisor of 48; mend it")
                .hasCause(cause);
        assertThat(e.file()).isEqualTo("config.json");
        assertThat(e.subject()).isEqualTo("n_head");
        assertThat(e.found()).isEqualTo("5");
        assertThat(e.expected()).isEqualTo("a divisor of 48");
        assertThat(e.advice()).isEqualTo("mend it");
    }

    @Test
    void quotesForeignTextShortenedAndWithoutControlCharacters() {
        assertThat(InvalidModelException.quoted("wte.weight")).isEqualTo("'wte.weight'");
        assertThat(InvalidModelException.quoted("größe 😀")).isEqualTo("'größe 😀'");
        assertThat(InvalidModelException.quoted("a\nb\u001b[31m\ud800")).isEqualTo("'a?b?[31m?'");
        assertThat(InvalidModelException.quoted("x".repeat(10_000)))
                .hasSize(205)
                .endsWith("...'");
    }
}
