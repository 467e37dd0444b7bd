package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.flinkgpt2.tokenizer.TokenizerFiles.Row;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerFromFilesTest {
    @TempDir
    Path folder;

    @Test
    void theToyVocabularyHasItsSizeNameAndEndOfText() throws IOException {
        Tokenizer toy = TokenizerFiles.toy();

        assertThat(toy.vocabularySize()).isEqualTo(306);
        assertThat(toy.name()).isEqualTo("vocab.json+merges.txt");
        assertThat(toy.endOfTextId()).hasValue(305);
        assertThat(toy.encode("zzz<|endoftext|>", true)).containsExactly(89, 89, 89, 305);
        assertThat(toy.decode(305)).isEqualTo("<|endoftext|>");
    }

    @Test
    void gpt2FromFilesEncodesLikeGpt2AndHasTheSameDigest() throws IOException {
        Tokenizer gpt2 = Tokenizer.gpt2();
        Map<String, Integer> ranks = NaiveBpe.gpt2Ranks();
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        List<String> merges = new ArrayList<>(List.of("#version: 0.2"));
        for (int id = 0; id < 50256; id++) {
            String token = NaiveBpe.latin1(gpt2.bytes(id));
            vocabulary.put(NaiveBpe.spelled(token), id);
            if (token.length() > 1) {
                // Merging only what came before leaves the two tokens that this one is made of.
                int rank = id;
                List<String> parts = NaiveBpe.merge(gpt2.bytes(id), (a, b) -> {
                    int candidate = ranks.getOrDefault(a + b, NaiveBpe.NO_MERGE);
                    return candidate < rank ? candidate : NaiveBpe.NO_MERGE;
                });
                assertThat(parts).hasSize(2);
                merges.add(NaiveBpe.spelled(parts.get(0)) + " " + NaiveBpe.spelled(parts.get(1)));
            }
        }
        vocabulary.put("<|endoftext|>", 50256);

        Tokenizer loaded = TokenizerFiles.tokenizer(folder, vocabulary, merges);

        assertThat(loaded.vocabularySize()).isEqualTo(50257);
        assertThat(digest(loaded)).isEqualTo(digest(gpt2));
        for (Row row : TokenizerFiles.rows("gpt2.jsonl")) {
            assertThat(loaded.encode(row.text())).containsExactly(row.tokenIdArray());
        }
    }

    @Test
    void idsNeedNotFollowTheMergesNorBeWithoutHoles() throws IOException {
        Map<String, Integer> vocabulary = bytes();
        vocabulary.replaceAll((token, id) -> 1_000_000_000 - 3 * id);
        vocabulary.put("ab", 7);
        vocabulary.put("abc", 2_147_483_646);
        Tokenizer tokenizer = TokenizerFiles.tokenizer(folder, vocabulary, List.of("a b", "ab c"));

        assertThat(tokenizer.vocabularySize()).isEqualTo(Integer.MAX_VALUE);
        assertThat(tokenizer.encode("abcabd")).containsExactly(2_147_483_646, 7, 1_000_000_000 - 3 * 'd');
        assertThat(tokenizer.decode(2_147_483_646, 7, 1_000_000_000 - 3 * 'd')).isEqualTo("abcabd");
        assertThat(IntStream.of(7, 2_147_483_646, 1_000_000_000)).allMatch(tokenizer::contains);
        assertThat(IntStream.of(-1, 0, 8, 999_999_999, Integer.MAX_VALUE)).noneMatch(tokenizer::contains);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tokenizer.bytes(8))
                .withMessageContaining("token id 8 stands for no token of the vocabulary vocab.json+merges.txt")
                .withMessageContaining("only 258 of the ids from 0 to 2147483646");
    }

    @Test
    void otherSpecialTokensAreMeantLiterallyAndTheLongestWins() throws IOException {
        Map<String, Integer> vocabulary = bytes();
        vocabulary.put("ab", 256);
        vocabulary.put("<pad>", 257);
        vocabulary.put("<|im|>", 258);
        vocabulary.put("<|im|>user", 259);
        vocabulary.put("\uD83D\uDE42 smile", 260);
        vocabulary.put("\u0120x", 261);
        Tokenizer tokenizer = TokenizerFiles.tokenizer(folder, vocabulary, List.of("a b"));

        assertThat(tokenizer.endOfTextId()).isEmpty();
        assertThat(tokenizer.encode("ab<|im|>user<|im|><pad>\uD83D\uDE42 smile\u0120x x", true))
                .containsExactly(256, 259, 258, 257, 260, 261, ' ', 'x');
        assertThat(tokenizer.encode("<pad>")).containsExactly('<', 'p', 'a', 'd', '>');
        assertThat(tokenizer.encode("a<|endoftext|>", true)).isEqualTo(tokenizer.encode("a<|endoftext|>"));
        assertThat(tokenizer.decode(256, 259, 260, 261)).isEqualTo("ab<|im|>user\uD83D\uDE42 smile\u0120x");
        assertThat(tokenizer.bytes(261)).isEqualTo("\u0120x".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aByteWithoutATokenIsRefusedOnlyWhenATextNeedsIt() throws IOException {
        Map<String, Integer> vocabulary = bytes();
        vocabulary.remove(NaiveBpe.spelled("\u00C3"));
        vocabulary.put("ab", 256);
        Tokenizer tokenizer = TokenizerFiles.tokenizer(folder, vocabulary, List.of("a b"));

        assertThat(tokenizer.encode("ab")).containsExactly(256);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> tokenizer.encode("caf\u00E9"))
                .withMessageContaining("byte 0xC3")
                .withMessageContaining("vocab.json+merges.txt");
        assertThat(tokenizer.decode('a', 0xC3, 'b')).isEqualTo("ab");
    }

    @Test
    void windowsLineEndsBlankLinesAndMergesThatBeginWithANumberSignAreRead() throws IOException {
        Map<String, Integer> vocabulary = bytes();
        vocabulary.put("##", 256);
        vocabulary.put("#!", 257);
        Path merges = folder.resolve("crlf.txt");
        TokenizerFiles.tokenizer(folder, vocabulary, List.of("# #", "# !"));
        Files.writeString(merges, "#version: 0.2\r\n\r\n# #\r\n\n# !");

        Tokenizer tokenizer = Tokenizer.fromFiles(folder.resolve("vocab.json"), merges);

        assertThat(tokenizer.encode("###!")).containsExactly(256, 257);
        assertThat(tokenizer.name()).isEqualTo("vocab.json+crlf.txt");
    }

    @Test
    void theDigestTellsVocabulariesApart() throws IOException {
        Map<String, Integer> vocabulary = bytes();
        vocabulary.put("ab", 256);
        vocabulary.put("bc", 257);
        vocabulary.put("<pad>", 258);
        String digest = digest(TokenizerFiles.tokenizer(folder, vocabulary, List.of("a b", "b c")));

        List<Map.Entry<String, Integer>> entries = new ArrayList<>(vocabulary.entrySet());
        Collections.shuffle(entries, new Random(1));
        Map<String, Integer> shuffled = new LinkedHashMap<>();
        entries.forEach(entry -> shuffled.put(entry.getKey(), entry.getValue()));
        assertThat(digest(TokenizerFiles.tokenizer(folder, shuffled, List.of("a b", "b c"))))
                .isEqualTo(digest);

        assertThat(digest(TokenizerFiles.tokenizer(folder, vocabulary, List.of("b c", "a b"))))
                .isNotEqualTo(digest);
        vocabulary.put("<pad>", 259);
        assertThat(digest(TokenizerFiles.tokenizer(folder, vocabulary, List.of("a b", "b c"))))
                .isNotEqualTo(digest);
    }

    /** A token a byte, with the byte as its id. */
    private static Map<String, Integer> bytes() {
        Map<String, Integer> vocabulary = new LinkedHashMap<>();
        for (int value = 0; value < 256; value++) {
            vocabulary.put(String.valueOf(ByteLevelAlphabet.characterOf(value)), value);
        }
        return vocabulary;
    }

    private static String digest(Tokenizer tokenizer) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            tokenizer.updateDigest(digest);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
