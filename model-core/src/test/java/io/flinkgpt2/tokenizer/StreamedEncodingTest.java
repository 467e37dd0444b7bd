package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.flinkgpt2.tokenizer.TokenizerFiles.Row;
import java.io.IOException;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Tokenizer#encode(String, boolean, java.util.function.IntConsumer)} gives what encoding at once gives. */
class StreamedEncodingTest {

    private static final String[] SNIPPETS = {
        "the",
        " The",
        "it's",
        "'",
        "'ll",
        " ",
        "  ",
        "\n",
        " \n ",
        "\t",
        "\u00A0",
        "\u3000",
        "42",
        " 1",
        "...",
        " !?",
        "\u0301",
        "é",
        "漢字",
        "😀",
        "<|endoftext|>",
        "<|end",
        "_"
    };

    private final Tokenizer gpt2 = Tokenizer.gpt2();

    private int[] streamed(String text, boolean allowSpecialTokens) {
        IntStream.Builder ids = IntStream.builder();
        gpt2.encode(text, allowSpecialTokens, ids);
        return ids.build().toArray();
    }

    @Test
    void everyGoldenRowIsEncodedAsAtOnce() throws IOException {
        for (Row row : TokenizerFiles.rows("gpt2.jsonl")) {
            assertThat(streamed(row.text(), false)).as(row.text()).containsExactly(row.tokenIdArray());
        }
    }

    @Test
    void aSectionMayEndAfterAnyPiece() {
        // Sections of at most 10 characters, so that nearly every border of pieces is one of sections somewhere.
        BytePairEncoder encoder = encoder();
        Random random = new Random(11);
        int encoded = 0;
        for (int round = 0; round < 2_000; round++) {
            String text = randomText(random, 1 + random.nextInt(25));
            IntStream.Builder ids = IntStream.builder();
            try {
                encoder.encode(text, 10, ids);
            } catch (IllegalArgumentException e) {
                assertThat(e).hasMessageContaining("characters in one piece");
                continue;
            }
            assertThat(ids.build().toArray()).as(text).isEqualTo(encoder.encode(text));
            encoded++;
        }
        assertThat(encoded).isGreaterThan(1_000);
    }

    /** With tokens of single bytes and of two white-space ones, which tell where pieces end. */
    private static BytePairEncoder encoder() {
        byte[][] tokens = new byte[260][];
        for (int value = 0; value < 256; value++) {
            tokens[value] = new byte[] {(byte) value};
        }
        tokens[256] = new byte[] {' ', ' '};
        tokens[257] = new byte[] {' ', 't'};
        tokens[258] = new byte[] {'\n', ' '};
        tokens[259] = new byte[] {'\'', 's'};
        return new BytePairEncoder("test", tokens, IntStream.range(0, 260).toArray());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aTextOfManySectionsIsEncodedAsAtOnce(boolean allowSpecialTokens) {
        String text = randomText(new Random(5), 100_000);

        assertThat(text.length()).isGreaterThan(3 * BytePairTokenizer.LONGEST_STREAMED_PIECE);
        assertThat(streamed(text, allowSpecialTokens)).isEqualTo(gpt2.encode(text, allowSpecialTokens));
    }

    @Test
    void rule2_2_aSpecialTokenIsOneIdOnlyWhereItIsAllowed() {
        String text = "a<|endoftext|> b";

        assertThat(streamed(text, true)).containsExactly(64, 50256, 275);
        assertThat(streamed(text, false)).isEqualTo(gpt2.encode(text)).doesNotContain(50256);
        assertThat(streamed("", true)).isEmpty();
    }

    @Test
    void aPieceMayBeAsLongAsItSaysAndNotLonger() {
        String longest = "a".repeat(BytePairTokenizer.LONGEST_STREAMED_PIECE - 1);

        assertThat(gpt2.decode(streamed("x, " + longest + " y", false))).isEqualTo("x, " + longest + " y");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> streamed("x, " + longest + "aa y", false))
                .withMessageContaining("65538 characters in one piece at index 2")
                .withMessageContaining("at most 65536");
    }

    @Test
    void aLoneSurrogateIsRefusedWithItsIndex() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> streamed("abc\uD83D", false))
                .withMessageContaining("at index 3 of 4");
    }

    private static String randomText(Random random, int snippets) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < snippets; i++) {
            text.append(SNIPPETS[random.nextInt(SNIPPETS.length)]);
        }
        return text.toString();
    }
}
