package io.flinkgpt2.pretrained;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.Generator;
import io.flinkgpt2.model.GgufModels;
import io.flinkgpt2.model.GoldenModel;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.tensor.Kernels;
import io.flinkgpt2.tokenizer.InvalidVocabularyException;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.weights.GgufBytes;
import io.flinkgpt2.weights.InvalidModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models as users name them: a GGUF file, a directory with one, a single file of another format. */
class PretrainedGgufTest {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String MERGES = "tokenizer.ggml.merges";
    private static final String TYPES = "tokenizer.ggml.token_type";

    @TempDir
    Path directory;

    private Path write(GgufBytes bytes, int vocabularySize) throws IOException {
        GgufModels.tensors(bytes, vocabularySize);
        return bytes.write(directory.resolve("model.gguf"));
    }

    /** Ten tokens: a b c ab abc, a space's token, the end of text, one for padding, one of the user, one of no merge. */
    private static GgufBytes withVocabulary() {
        return withVocabulary("gpt2", "gpt-2");
    }

    private static GgufBytes withVocabulary(String kind, String splitPattern) {
        return GgufModels.metadata()
                .string(MODEL, kind)
                .string("tokenizer.ggml.pre", splitPattern)
                .strings(TOKENS, List.of("a", "b", "c", "ab", "abc", "Ġ", "<|endoftext|>", "[PAD7]", "<|user|>", "Ġcb"))
                .strings(MERGES, List.of("a b", "ab c"))
                .integers(TYPES, 1, 1, 1, 1, 1, 1, 3, 5, 4, 1)
                .u32("tokenizer.ggml.eos_token_id", 6);
    }

    private static Pretrained open(Path path) throws IOException {
        return Pretrained.open(path, Kernels.reference());
    }

    @Test
    void rule1_7_theVocabularyOfTheMetadataIsUsed() throws IOException {
        Pretrained model = open(write(withVocabulary(), 12));
        Tokenizer tokenizer = model.tokenizer();
        assertThat(tokenizer.encode("abcab cb")).containsExactly(4, 3, 5, 2, 1);
        assertThat(tokenizer.encode("abc<|endoftext|><|user|>", true)).containsExactly(4, 6, 8);
        assertThat(tokenizer.encode("c<|user|>c")).containsExactly(2, 8, 2);
        assertThat(tokenizer.decode(true, 4, 6, 8)).isEqualTo("abc<|user|>");
        assertThat(tokenizer.decode(4, 7, 8, 9)).isEqualTo("abc<|user|> cb");
        assertThat(tokenizer.endOfTextId()).hasValue(6);
        assertThat(model.config().endOfTextId()).hasValue(6);
        assertThat(tokenizer.vocabularySize()).isEqualTo(10);
        assertThat(tokenizer.name()).isEqualTo("model.gguf");
        assertThat(digest(Pretrained.openTokenizer(directory.resolve("model.gguf"))))
                .isEqualTo(digest(tokenizer));
    }

    @Test
    void unusedTokensAreNeverFoundInText() throws IOException {
        Tokenizer tokenizer = open(write(withVocabulary(), 12)).tokenizer();
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> tokenizer.encode("[PAD7]", true))
                .withMessageContaining("no token");
    }

    @Test
    void aVocabularyWithoutTypesIsWhatItsFilesWouldBe() throws IOException {
        Path toy = GoldenModel.directory("tokenizer/toy");
        JsonNode vocabulary =
                new ObjectMapper().readTree(toy.resolve("vocab.json").toFile());
        List<String> tokens = new ArrayList<>(Arrays.asList(new String[vocabulary.size()]));
        vocabulary.properties().forEach(entry -> tokens.set(entry.getValue().intValue(), entry.getKey()));
        List<String> merges = Files.readAllLines(toy.resolve("merges.txt")).stream()
                .filter(line -> !line.startsWith("#version") && !line.isEmpty())
                .toList();
        GgufBytes bytes = GgufModels.metadata()
                .string(MODEL, "gpt2")
                .strings(TOKENS, tokens)
                .strings(MERGES, merges);
        Tokenizer inside = open(write(bytes, tokens.size())).tokenizer();
        Tokenizer files = Tokenizer.fromFiles(toy.resolve("vocab.json"), toy.resolve("merges.txt"));
        assertThat(digest(inside)).isEqualTo(digest(files));
        for (String line : Files.readAllLines(toy.resolve("expected.jsonl"))) {
            JsonNode row = new ObjectMapper().readTree(line);
            assertThat(inside.encode(row.get("text").textValue()))
                    .containsExactly(GoldenModel.ints(row.get("tokenIds")));
        }
    }

    private static byte[] digest(Tokenizer tokenizer) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            tokenizer.updateDigest(digest);
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void rule2_1_rule2_4_withoutAVocabularyInsideItTakesTokenIdsWhateverLiesBeside() throws IOException {
        Files.writeString(directory.resolve("config.json"), "no JSON");
        Files.writeString(directory.resolve("vocab.json"), "no JSON");
        Files.writeString(directory.resolve("merges.txt"), "no merges here");
        Path file = write(GgufModels.metadata(), 12);
        for (Tokenizer none :
                List.of(open(file).tokenizer(), open(directory).tokenizer(), Pretrained.openTokenizer(directory))) {
            assertThat(none.refusalOfText())
                    .hasValueSatisfying(why -> assertThat(why).contains("has no tokenizer", "this model has 12"));
        }
        assertThat(open(directory).config().embeddingSize()).isEqualTo(GgufModels.EMBEDDING);
        assertThat(open(write(GgufModels.metadata().string(MODEL, "none"), 12))
                        .tokenizer()
                        .refusalOfText())
                .isPresent();
    }

    @Test
    void theRevisionIsOfWeightsConfigAndVocabulary() throws IOException {
        String revision = open(write(GgufModels.metadata(), 12)).revision();
        assertThat(revision).matches("[0-9a-f]{16}");
        assertThat(open(write(GgufModels.metadata().string("general.name", "n"), 12))
                        .revision())
                .isEqualTo(revision);
        assertThat(open(write(withVocabulary(), 12)).revision()).isNotEqualTo(revision);
        assertThat(open(write(GgufModels.metadata().u32("tokenizer.ggml.eos_token_id", 3), 12))
                        .revision())
                .isNotEqualTo(revision);
    }

    @Test
    void rule1_7_aGoldenFileContinuesAPromptAsExpected() throws IOException {
        GoldenModel golden = GoldenModel.openGguf("gguf/model-Q8_0.gguf");
        Pretrained model = open(golden.directory());
        assertThat(model.weights().sha256()).isEqualTo(golden.weights().sha256());
        assertThat(model.config()).isEqualTo(golden.config());
        assertThat(model.weights().isTied()).isTrue();
    }

    @Test
    void aSingleFileOfAnotherFormatHasItsConfigAndVocabularyBeside() throws IOException {
        for (String name : List.of("config.json", "model.safetensors")) {
            Files.copy(GoldenModel.directory("tied-tanh").resolve(name), directory.resolve(name));
        }
        Files.move(directory.resolve("model.safetensors"), directory.resolve("mine.safetensors"));
        Path file = directory.resolve("mine.safetensors");
        assertThat(open(file).tokenizer().refusalOfText()).isPresent();
        assertThat(open(file).revision())
                .isEqualTo(open(GoldenModel.directory("tied-tanh")).revision());

        Path toy = GoldenModel.directory("tokenizer/toy");
        Files.copy(toy.resolve("vocab.json"), directory.resolve("vocab.json"));
        assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> open(file))
                .withMessageContaining("merges.txt");
        Files.copy(toy.resolve("merges.txt"), directory.resolve("merges.txt"));
        assertThat(open(file).tokenizer().name()).isEqualTo("vocab.json+merges.txt");
        assertThat(Pretrained.openTokenizer(file).name()).isEqualTo("vocab.json+merges.txt");

        Files.delete(directory.resolve("config.json"));
        assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> open(file))
                .withMessageContaining("config.json: found nothing");
    }

    @Test
    void aPathThatIsNotThereIsNamed() {
        assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> open(directory.resolve("gone")))
                .withMessageContaining("gone: model: found nothing");
        assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> Pretrained.openTokenizer(directory.resolve("gone")))
                .withMessageContaining("gone: model: found nothing");
    }

    private void assertRefused(GgufBytes bytes, String... parts) throws IOException {
        Path file = write(bytes, 12);
        assertThatExceptionOfType(InvalidModelException.class)
                .isThrownBy(() -> open(file))
                .withMessageContaining(file.toString())
                .withMessageContainingAll(parts);
    }

    @Test
    void aVocabularyThatContradictsItselfIsNamed() throws IOException {
        List<String> tokens = List.of("a", "b", "ab");
        List<String> merges = List.of("a b");
        assertRefused(GgufModels.metadata().strings(TOKENS, tokens).strings(MERGES, merges), MODEL, "no such key");
        assertRefused(GgufModels.metadata().string(MODEL, "gpt2").strings(TOKENS, tokens), MERGES, "no such key");
        assertRefused(
                GgufModels.metadata()
                        .string(MODEL, "gpt2")
                        .strings(TOKENS, tokens)
                        .strings(MERGES, merges)
                        .integers(TYPES, 1, 1),
                TYPES,
                "2 types",
                "expected 3");
        assertRefused(
                GgufModels.metadata()
                        .string(MODEL, "gpt2")
                        .strings(TOKENS, tokens)
                        .strings(MERGES, merges)
                        .integers(TYPES, 1, 1, 7),
                TYPES,
                "7 at index 2");
        assertRefused(GgufModels.metadata().string(MODEL, "gpt2").string(TOKENS, "a"), TOKENS, "a value of string");
        assertRefused(
                GgufModels.metadata()
                        .string(MODEL, "gpt2")
                        .strings(TOKENS, List.of("a", "b", "ab", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"))
                        .strings(MERGES, merges),
                TOKENS,
                "13 tokens, expected at most 12");
    }

    private void assertVocabularyRefused(List<String> tokens, List<String> merges, String source, String found)
            throws IOException {
        GgufBytes bytes = GgufModels.metadata()
                .string(MODEL, "gpt2")
                .strings(TOKENS, tokens)
                .strings(MERGES, merges);
        Path file = write(bytes, 12);
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(() -> open(file))
                .withMessageContaining(file + ", " + source + ": found " + found);
    }

    @Test
    void aHostileVocabularyIsRefusedAsInFiles() throws IOException {
        List<String> tokens = List.of("a", "b", "ab");
        List<String> merges = List.of("a b");
        assertVocabularyRefused(List.of(), merges, TOKENS, "no tokens");
        assertVocabularyRefused(tokens, List.of(), MERGES, "no merges");
        assertVocabularyRefused(List.of("a", "b", "ab", "a"), merges, TOKENS, "the token \"a\" at both 0 and 3");
        assertVocabularyRefused(tokens, List.of("a b", "a b"), MERGES, "the same merge as at index 0 at index 1");
        assertVocabularyRefused(tokens, List.of("a  b"), MERGES, "\"a  b\" at index 0");
        assertVocabularyRefused(tokens, List.of("a c"), MERGES, "the token \"c\" at index 0");
        assertVocabularyRefused(tokens, List.of("ab"), MERGES, "\"ab\" at index 0");
        assertVocabularyRefused(tokens, List.of("a 漢"), MERGES, "the character U+6F22 at index 0");
        assertVocabularyRefused(
                List.of("a", "b", "ab", "abab"), List.of("ab ab", "a b"), MERGES, "the part \"ab\", which is neither");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gpt-2", "gpt2", "default"})
    void namesOfGpt2sSplitPatternAreKnown(String name) throws IOException {
        GgufBytes bytes = withVocabulary("gpt2", name);
        assertThat(open(write(bytes, 12)).tokenizer().refusalOfText()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "llama, gpt-2, tokenizer.ggml.model 'llama'",
        "bert, gpt-2, tokenizer.ggml.model 'bert'",
        "gpt2, llama-bpe, tokenizer.ggml.pre 'llama-bpe'",
        "gpt2, refact, tokenizer.ggml.pre 'refact'"
    })
    void rule2_1_aTokenizerOfAnotherKindTakesTokenIdsOnlyAndSaysWhich(String kind, String split, String named)
            throws IOException {
        Pretrained model = open(write(withVocabulary(kind, split), 12));
        assertThat(model.tokenizer().refusalOfText())
                .hasValueSatisfying(why -> assertThat(why).contains("token ids only", "model.gguf", named));
        Completion completion = new Generator(model.model(), model.tokenizer(), 8, 8)
                .complete(
                        new int[] {1, 2},
                        GenerationParameters.builder()
                                .setMaxTokens(3)
                                .setTemperature(0)
                                .setIgnoreEndOfText(true)
                                .build());
        assertThat(completion.tokenIds()).hasSize(3);
        assertThat(completion.text()).isEmpty();
    }

    @Test
    void rule2_1_theBeginningTokenStandsBeforeEveryText() throws IOException {
        GgufBytes bytes =
                withVocabulary().bool("tokenizer.ggml.add_bos_token", true).u32("tokenizer.ggml.bos_token_id", 6);
        Tokenizer tokenizer = open(write(bytes, 12)).tokenizer();
        assertThat(tokenizer.encode("abc")).containsExactly(6, 4);
        assertThat(tokenizer.encode("")).containsExactly(6);
        assertRefused(withVocabulary().bool("tokenizer.ggml.add_bos_token", true), "bos_token_id", "no such key");
        assertThat(open(write(withVocabulary().bool("tokenizer.ggml.add_eos_token", true), 12))
                        .tokenizer()
                        .refusalOfText())
                .hasValueSatisfying(why -> assertThat(why).contains("tokenizer.ggml.add_eos_token"));
    }

    @Test
    void rule2_1_emptyAndUnusedTokensHaveNoText() throws IOException {
        GgufBytes bytes = GgufModels.metadata()
                .string(MODEL, "gpt2")
                .strings(TOKENS, List.of("a", "", "b", "", "ab", "[PAD5]", "[PAD5]"))
                .strings(MERGES, List.of("a b"))
                .integers(TYPES, 1, 1, 1, 1, 1, 5, 5);
        Tokenizer tokenizer = open(write(bytes, 12)).tokenizer();
        assertThat(tokenizer.encode("abb")).containsExactly(4, 2);
        assertThat(tokenizer.decode(0, 1, 3, 5, 6, 2, 11)).isEqualTo("ab");
    }

    @Test
    void quantisedFilesOfOneModelHaveRevisionsOfTheirOwn() throws IOException {
        Map<String, String> revisions = new TreeMap<>();
        for (String name : List.of("gguf/model-F32.gguf", "gguf/model-Q4_0.gguf", "gguf/model-Q5_1.gguf")) {
            revisions.put(open(GoldenModel.directory(name)).revision(), name);
        }
        assertThat(revisions).hasSize(3);
    }
}
