package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class WireTextTest {

    @Test
    void lengthAndRepairAgreeWithJavasEncoderOnAnyText() {
        Random random = new Random(11);
        char[] alphabet = {'a', '\u007f', '\u0080', '\u07ff', '\u0800', '\uffff', '\ud800', '\udbff', '\udc00', '\udfff'
        };
        for (int i = 0; i < 2_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int length = random.nextInt(12); length > 0; length--) {
                text.append(alphabet[random.nextInt(alphabet.length)]);
            }

            String repaired = WireText.wellFormed(text.toString());

            assertThat(UTF_8.newEncoder().canEncode(repaired)).isTrue();
            assertThat(WireText.utf8Length(repaired)).isEqualTo(repaired.getBytes(UTF_8).length);
            // Java's encoder writes a question mark for each lone surrogate.
            assertThat(repaired.replace('\ufffd', '?'))
                    .isEqualTo(new String(text.toString().getBytes(UTF_8), UTF_8));
        }
    }

    @Test
    void wellFormedTextIsNotCopied() {
        String text = "a😀";

        assertThat(WireText.wellFormed(text)).isSameAs(text);
        assertThat(WireText.wellFormed(null)).isNull();
    }

    @Test
    void decodingIsStrict() {
        assertThat(WireText.decode("aé😀".getBytes(UTF_8)).characters().toString())
                .isEqualTo("aé😀");
        assertThat(WireText.decode(new byte[0]).isUtf8()).isTrue();
        assertThat(WireText.decode(new byte[] {'a', (byte) 0xC3}).malformedAt()).isEqualTo(1);
    }
}
