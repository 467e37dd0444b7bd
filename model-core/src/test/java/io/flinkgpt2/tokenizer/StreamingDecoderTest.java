package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamingDecoderTest {
    private final Tokenizer gpt2 = Tokenizer.gpt2();
    private final StreamingDecoder decoder = gpt2.streamingDecoder();

    @Test
    void rule2_3_bytesOfAnUnfinishedCharacterAreHeldBack() {
        int[] ids = gpt2.encode("\uD83D\uDE42");
        assertThat(ids).containsExactly(8582, 25081);

        assertThat(gpt2.bytes(8582)).startsWith(0xF0, 0x9F);
        assertThat(decoder.accept(8582)).isEmpty();
        assertThat(decoder.accept(25081)).isEqualTo("\uD83D\uDE42");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void rule2_3_whatIsHeldBackEndsAsOneReplacementCharacterAndTheDecoderIsFreshAgain() {
        assertThat(decoder.accept(8582)).isEmpty();
        assertThat(decoder.finish()).isEqualTo("\uFFFD");
        assertThat(decoder.finish()).isEmpty();
        assertThat(decoder.accept(15496)).isEqualTo("Hello");
    }

    @Test
    void resetForgetsWhatIsHeldBack() {
        assertThat(decoder.accept(8582)).isEmpty();
        decoder.reset();
        assertThat(decoder.accept(15496)).isEqualTo("Hello");
        assertThat(decoder.finish()).isEmpty();
    }

    @Test
    void illFormedBytesComeOutAsSoonAsTheyAreKnownToBe() {
        assertThat(decoder.accept(8582)).isEmpty();
        assertThat(decoder.accept(15496)).isEqualTo("\uFFFDHello");
        assertThat(decoder.accept(byteToken(0x80))).isEqualTo("\uFFFD");
        assertThat(decoder.accept(byteToken(0xFF))).isEqualTo("\uFFFD");
    }

    @Test
    void rule2_1_anIdWithoutATokenLeavesTheDecoderAsItWas() {
        assertThat(decoder.accept(8582)).isEmpty();
        assertThat(decoder.accept(50257)).isEmpty();
        assertThat(decoder.accept(25081)).isEqualTo("\uD83D\uDE42");
    }

    /** Tables 3-8 to 3-11 of the Unicode Standard, 3.9, and forms at the edges of well-formedness. */
    @ParameterizedTest
    @CsvSource({
        "C0AFE080BFF0818241,        \uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA",
        "EDA080EDBFBFEDAF41,        \uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA",
        "F4919293FF4180BF42,        \uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB",
        "E180E2F09192F1BF41,        \uFFFD\uFFFD\uFFFD\uFFFDA",
        "F48FBFBF,                  \uDBFF\uDFFF",
        "F0908080,                  \uD800\uDC00",
        "ED9FBF,                    \uD7FF",
        "EE8080,                    \uE000",
        "E0A080,                    \u0800",
        "C280,                      \u0080",
        "DFBF,                      \u07FF",
        "C1BF,                      \uFFFD\uFFFD",
        "F5808080,                  \uFFFD\uFFFD\uFFFD\uFFFD",
        "F09F99C3A9,                \uFFFD\u00E9",
        "F09F99,                    \uFFFD",
    })
    void rule2_3_illFormedUtf8BecomesOneReplacementCharacterForEachMaximalSubpart(String hex, String expected) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        int[] ids = new int[bytes.length];
        StringBuilder streamed = new StringBuilder();
        for (int i = 0; i < bytes.length; i++) {
            ids[i] = byteToken(bytes[i] & 0xFF);
            streamed.append(decoder.accept(ids[i]));
        }
        streamed.append(decoder.finish());

        assertThat(gpt2.decode(ids)).isEqualTo(expected);
        assertThat(streamed).hasToString(expected);
    }

    @Test
    void rule2_3_streamingAndWholeDecodingAgreeOnRandomIds() {
        Random random = new Random(7);
        for (int round = 0; round < 2_000; round++) {
            int[] ids = random.ints(1 + random.nextInt(30), 0, 50257)
                    // Half of them single bytes, most of which are ill-formed where they stand.
                    .map(id -> random.nextBoolean() ? id : id % 256)
                    .toArray();
            StringBuilder streamed = new StringBuilder();
            for (int id : ids) {
                streamed.append(decoder.accept(id));
            }
            streamed.append(decoder.finish());

            assertThat(streamed).hasToString(gpt2.decode(ids));
        }
    }

    @Test
    void decodingAgreesWithJavaWhereverTheBytesHoldNoEncodedSurrogate() {
        Random random = new Random(8);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = new byte[1 + random.nextInt(8)];
            for (int i = 0; i < bytes.length; i++) {
                int value = random.nextInt(4) == 0 ? random.nextInt(128) : 0x80 + random.nextInt(128);
                bytes[i] = (byte) (value == 0xED ? 0xEE : value);
            }
            ByteBuffer input = ByteBuffer.wrap(bytes);
            StringBuilder text = new StringBuilder();
            Utf8 utf8 = new Utf8();
            while (input.hasRemaining()) {
                utf8.accept(input.get(), text);
            }
            utf8.finish(text);

            assertThat(text).hasToString(new String(bytes, StandardCharsets.UTF_8));
        }
    }

    private int byteToken(int value) {
        for (int id = 0; id < 256; id++) {
            byte[] bytes = gpt2.bytes(id);
            if (bytes.length == 1 && (bytes[0] & 0xFF) == value) {
                return id;
            }
        }
        throw new AssertionError("no token for byte " + value);
    }
}
