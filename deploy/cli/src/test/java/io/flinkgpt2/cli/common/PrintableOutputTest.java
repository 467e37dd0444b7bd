package io.flinkgpt2.cli.common;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrintableOutputTest {

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "a\u001b[31mred\u001b]0;title\u0007z,a?[31mred?]0;title?z",
                "a\u009b31mb\u0085c,a?31mb?c",
                "a\u007fb\u0000c,a?b?c",
                "gr\u00fc\u00df \u00a9\u00bf \u4e16 \ud83d\ude00,gr\u00fc\u00df \u00a9\u00bf \u4e16 \ud83d\ude00"
            })
    void controlCharactersBecomeQuestionMarksWhoeverPrintsThem(String text, String shown) throws IOException {
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        try (PrintStream err = new PrintStream(new PrintableOutput(whole), true, UTF_8)) {
            err.print(text);
        }
        assertThat(whole.toString(UTF_8)).isEqualTo(shown);

        ByteArrayOutputStream bytewise = new ByteArrayOutputStream();
        try (PrintableOutput err = new PrintableOutput(bytewise)) {
            for (byte b : text.getBytes(UTF_8)) {
                err.write(b);
            }
        }
        assertThat(bytewise.toString(UTF_8)).isEqualTo(shown);
    }

    @Test
    void linesAndTabsStay() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (PrintableOutput err = new PrintableOutput(bytes)) {
            err.write("a\n\tb\rc\n".getBytes(UTF_8));
        }
        assertThat(bytes.toString(UTF_8)).isEqualTo("a\n\tb?c\n");
    }

    @Test
    void ofForeignTextALineIsALine() {
        assertThat(Printable.line("b\nFAKE\u2028\u202e\u001b[2J\ud800\u00e9")).isEqualTo("b?FAKE???[2J?\u00e9");
        assertThat(Printable.text("b\n\tc\r\u001b[2J")).isEqualTo("b\n\tc??[2J");
    }
}
