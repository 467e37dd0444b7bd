package io.flinkgpt2.tokenizer;

import static io.flinkgpt2.tokenizer.TokenizerJsonFiles.JSON;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Added tokens against {@code added-tokens.jsonl}: what the tokenizers library (0.21, by its Java binding) makes of the toy
 * vocabulary with such tokens and pipelines.
 */
class AddedTokensTest {
    @TempDir
    Path folder;

    static List<String> cases() throws IOException {
        return Files.readAllLines(TokenizerFiles.golden("added-tokens.jsonl"));
    }

    private static ObjectNode tokenizerJson(JsonNode golden) throws IOException {
        ObjectNode json = TokenizerJsonFiles.toy();
        for (String field : List.of("added_tokens", "pre_tokenizer", "post_processor")) {
            json.set(field, golden.get(field));
        }
        return json;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void rule2_1_addedTokensAreFoundAsByTheTokenizersLibrary(String line) throws IOException {
        JsonNode golden = JSON.readTree(line);
        Tokenizer tokenizer = TokenizerJsonFiles.read(folder, tokenizerJson(golden));
        assertThat(golden.get("rows")).hasSizeGreaterThan(30);
        for (JsonNode row : golden.get("rows")) {
            String text = row.get("text").textValue();
            int[] expected = ints(row.get("tokenIds"));
            assertThat(tokenizer.encode(text, true)).as(text).containsExactly(expected);
            IntStream.Builder streamed = IntStream.builder();
            tokenizer.encode(text, true, streamed);
            assertThat(streamed.build().toArray()).as(text).containsExactly(expected);
            assertThat(tokenizer.decode(true, expected))
                    .as(text)
                    .isEqualTo(row.get("skipped").textValue());
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void rule2_1_mergesAsPairsAndVocabularyFilesBesideChangeNothing(String line) throws IOException {
        JsonNode golden = JSON.readTree(line);
        ObjectNode json = tokenizerJson(golden);
        ArrayNode pairs = JSON.createArrayNode();
        for (String merge : TokenizerJsonFiles.merges()) {
            int space = merge.indexOf(' ');
            pairs.addArray().add(merge.substring(0, space)).add(merge.substring(space + 1));
        }
        ((ObjectNode) json.get("model")).set("merges", pairs);
        Tokenizer ofPairs = TokenizerJsonFiles.read(folder, json);
        TokenizerJsonFiles.copyToyFiles(folder);
        Tokenizer ofFiles = new TokenizerDirectory(folder).fromVocabularyFiles();
        assertThat(ofFiles.name()).isEqualTo("vocab.json+merges.txt");
        for (JsonNode row : golden.get("rows")) {
            String text = row.get("text").textValue();
            assertThat(ofPairs.encode(text, true)).as(text).containsExactly(ints(row.get("tokenIds")));
            assertThat(ofFiles.encode(text, true)).as(text).containsExactly(ints(row.get("tokenIds")));
        }
    }

    private static int[] ints(JsonNode ids) {
        int[] values = new int[ids.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = ids.get(i).intValue();
        }
        return values;
    }

    private Tokenizer with(ObjectNode... added) throws IOException {
        ObjectNode json = TokenizerJsonFiles.toy();
        ((ArrayNode) json.get("added_tokens")).addAll(List.of(added));
        return TokenizerJsonFiles.read(folder, json);
    }

    @Test
    void rule2_2_onlySpecialTokensNeedToBeAllowed() throws IOException {
        Tokenizer tokenizer =
                with(TokenizerJsonFiles.added("<sep>", 306, true), TokenizerJsonFiles.added("<user>", 307, false));
        assertThat(tokenizer.encode("a<user>b", false)).containsExactly(64, 307, 65);
        assertThat(tokenizer.encode("a<sep>b", false)).doesNotContain(306);
        assertThat(tokenizer.decode(tokenizer.encode("a<sep>b", false))).isEqualTo("a<sep>b");
        assertThat(tokenizer.encode("a<sep>b", true)).containsExactly(64, 306, 65);
        assertThat(tokenizer.decode(64, 306, 307)).isEqualTo("a<sep><user>");
        assertThat(tokenizer.decode(true, 64, 306, 307)).isEqualTo("a<user>");
    }

    @Test
    void rule2_2_aSpecialTokenThatIsNotAllowedIsOrdinaryTextAsAWhole() throws IOException {
        Tokenizer tokenizer = with(
                TokenizerJsonFiles.added("<zz>", 306, true),
                TokenizerJsonFiles.added("zz", 307, false).put("normalized", false));
        assertThat(tokenizer.encode("zz<zz>", false)).startsWith(307).hasSize(5).doesNotContain(306);
    }

    @Test
    void aTokenThatTakesWhiteSpaceHasNoLongestText() throws IOException {
        Tokenizer tokenizer = with(TokenizerJsonFiles.added("<sep>", 306, true).put("rstrip", true));
        String text = "a<sep>" + " ".repeat(100_000) + "b";
        assertThat(tokenizer.encode(text, true)).containsExactly(64, 306, 65);
        assertThat(tokenizer.longestTokenBytes()).isEqualTo(Integer.MAX_VALUE);
        assertThat(TokenizerFiles.toy().longestTokenBytes()).isLessThan(100);
    }

    @Test
    void theDigestTellsTraitsApartButNotASpecialTokenThatIsDeclared() throws IOException {
        List<String> digests = new ArrayList<>();
        digests.add(Digest.of(TokenizerFiles.toy()));
        assertThat(Digest.of(with())).isEqualTo(digests.get(0));
        digests.add(Digest.of(with(TokenizerJsonFiles.added("<a>", 306, true))));
        digests.add(Digest.of(with(TokenizerJsonFiles.added("<a>", 306, false))));
        for (String trait : List.of("single_word", "lstrip", "rstrip")) {
            digests.add(
                    Digest.of(with(TokenizerJsonFiles.added("<a>", 306, true).put(trait, true))));
        }
        ObjectNode prefix = TokenizerJsonFiles.toy();
        ((ObjectNode) prefix.get("pre_tokenizer")).put("add_prefix_space", true);
        digests.add(Digest.of(TokenizerJsonFiles.read(folder, prefix)));
        assertThat(digests).doesNotHaveDuplicates();
    }
}
