package io.flinkgpt2.cli.common;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class JsonLinesTest {

    @Test
    void linesEndWithLineFeedOrBothOrTheEndOfTheInput() throws IOException {
        JsonLines lines = of("a\nb\r\n\nc\rd\r\n e");
        assertThat(lines.next()).asString().isEqualTo("a");
        assertThat(lines.next()).asString().isEqualTo("b");
        assertThat(lines.next()).isEmpty();
        assertThat(lines.next()).asString().isEqualTo("c\rd");
        assertThat(lines.next()).asString().isEqualTo(" e");
        assertThat(lines.next()).isNull();
        assertThat(lines.next()).isNull();
    }

    @Test
    void blankLinesArePassedOverAndCounted() throws IOException {
        JsonLines lines = of("\n \t\r\nfirst\n\n\r\nsecond\n   ");
        assertThat(lines.lineNumber()).isZero();
        assertThat(lines.nextNotBlank()).asString().isEqualTo("first");
        assertThat(lines.lineNumber()).isEqualTo(3);
        assertThat(lines.nextNotBlank()).asString().isEqualTo("second");
        assertThat(lines.lineNumber()).isEqualTo(6);
        assertThat(lines.nextNotBlank()).isNull();
    }

    @Test
    void aByteOrderMarkIsNoLineOfItsOwn() throws IOException {
        JsonLines lines = of("\u00ef\u00bb\u00bf\n\u00ef\u00bb\u00bf \r\n\u00ef\u00bb\u00bf{}\n\u00ef\u00bb");
        assertThat(lines.nextNotBlank()).containsExactly(0xef, 0xbb, 0xbf, '{', '}');
        assertThat(lines.lineNumber()).isEqualTo(3);
        assertThat(lines.nextNotBlank()).containsExactly(0xef, 0xbb);
    }

    @Test
    void bytesComeAsTheyAreEvenWhereTheyAreNotUtf8() throws IOException {
        List<byte[]> all = of("\u00ff\u0000\u0080\n\u00c3").allNotBlank();
        assertThat(all).hasSize(2);
        assertThat(all.get(0)).containsExactly(0xff, 0x00, 0x80);
        assertThat(all.get(1)).containsExactly(0xc3);
    }

    @Test
    void aLineMayBeLongerThanAnyBuffer() throws IOException {
        String line = "x".repeat(300_000);
        assertThat(of(line + "\n" + line).allNotBlank())
                .hasSize(2)
                .allSatisfy(bytes -> assertThat(bytes).hasSize(300_000));
    }

    @Test
    void nothingHasNoLines() throws IOException {
        assertThat(of("").allNotBlank()).isEmpty();
        assertThat(of("\n\r\n  \n").allNotBlank()).isEmpty();
    }

    private static JsonLines of(String bytes) {
        return new JsonLines(new ByteArrayInputStream(bytes.getBytes(ISO_8859_1)));
    }
}
