package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tokenizer.TokenizerFiles.Row;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TokenizerGoldenTest {

    static List<Row> gpt2Rows() throws IOException {
        return TokenizerFiles.rows("gpt2.jsonl");
    }

    static List<Row> toyRows() throws IOException {
        return TokenizerFiles.rows("toy/expected.jsonl");
    }

    @Test
    void allGoldenRowsAreThere() throws IOException {
        assertThat(gpt2Rows()).hasSize(332);
        assertThat(toyRows()).hasSize(10);
    }

    @ParameterizedTest
    @MethodSource("gpt2Rows")
    void rule2_1_gpt2EncodesAndDecodesAsTwoOtherEncodersDo(Row row) {
        assertThat(Tokenizer.gpt2().encode(row.text())).containsExactly(row.tokenIdArray());
        assertThat(Tokenizer.gpt2().decode(row.tokenIdArray())).isEqualTo(row.text());
    }

    @ParameterizedTest
    @MethodSource("toyRows")
    void rule2_1_aModelsOwnVocabularyEncodesAndDecodesAsExpected(Row row) throws IOException {
        Tokenizer toy = TokenizerFiles.toy();

        assertThat(toy.encode(row.text())).containsExactly(row.tokenIdArray());
        assertThat(toy.decode(row.tokenIdArray())).isEqualTo(row.text());
    }

    @ParameterizedTest
    @MethodSource("gpt2Rows")
    void rule2_3_streamingDecodesEveryGoldenRowToItsText(Row row) {
        StreamingDecoder decoder = Tokenizer.gpt2().streamingDecoder();
        StringBuilder text = new StringBuilder();
        for (int tokenId : row.tokenIdArray()) {
            text.append(decoder.accept(tokenId));
        }
        assertThat(decoder.finish()).isEmpty();
        assertThat(text).hasToString(row.text());
    }
}
