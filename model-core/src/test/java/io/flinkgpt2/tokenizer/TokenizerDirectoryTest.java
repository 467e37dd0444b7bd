package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code tokenizer.json}, {@code tokenizer_config.json}, {@code added_tokens.json}, {@code special_tokens_map.json}. */
class TokenizerDirectoryTest {
    private static final String LFS_POINTER =
            "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0".repeat(64) + "\nsize 1042301\n";

    @TempDir
    Path folder;

    private ObjectNode json;

    @BeforeEach
    void aTokenizerThatIsRight() throws IOException {
        json = TokenizerJsonFiles.toy();
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private Tokenizer vocabularyFiles() throws IOException {
        if (Files.notExists(folder.resolve("vocab.json"))) {
            TokenizerJsonFiles.copyToyFiles(folder);
        }
        return new TokenizerDirectory(folder).fromVocabularyFiles();
    }

    private void assertTakesNoText(Tokenizer tokenizer, String... parts) {
        assertThat(tokenizer.refusalOfText())
                .hasValueSatisfying(why -> assertThat(why).contains(parts).contains(folder.toString()));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/model/type | \"WordPiece\" | the model \"WordPiece\"",
                "/model/type | \"Unigram\" | the model \"Unigram\"",
                "/model/vocab | [[\"a\", -1.5]] | the model",
                "/model/dropout | 0.1 | dropout \"0.1\"",
                "/model/ignore_merges | true | ignore_merges \"true\"",
                "/model/continuing_subword_prefix | \"##\" | continuing_subword_prefix \"##\"",
                "/model/end_of_word_suffix | \"</w>\" | end_of_word_suffix \"</w>\"",
                "/normalizer | {\"type\": \"NFC\"} | the normalizer \"NFC\"",
                "/normalizer | {\"type\": \"Sequence\", \"normalizers\": [{\"type\": \"Lowercase\"}]} | \"Lowercase\"",
                "/pre_tokenizer | null | the pre-tokenizer missing",
                "/pre_tokenizer | {\"type\": \"Whitespace\"} | the pre-tokenizer \"Whitespace\"",
                "/pre_tokenizer/use_regex | false | use_regex false",
                "/pre_tokenizer | {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Digits\"},"
                        + " {\"type\": \"ByteLevel\", \"add_prefix_space\": false}]} | the pre-tokenizer \"Digits\"",
                "/pre_tokenizer | {\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\":"
                        + " {\"Regex\": \"[0-9]\"}, \"behavior\": \"Isolated\"},"
                        + " {\"type\": \"ByteLevel\", \"add_prefix_space\": false}]} | the split pattern \"[0-9]\"",
                "/decoder | {\"type\": \"WordPiece\"} | the decoder \"WordPiece\"",
                "/post_processor | {\"type\": \"RobertaProcessing\"} | the post-processor \"RobertaProcessing\"",
                "/post_processor | {\"type\": \"TemplateProcessing\", \"single\": [{\"Sequence\": {\"id\": \"A\"}},"
                        + " {\"SpecialToken\": {\"id\": \"</s>\"}}]} | the token \"</s>\" behind every text",
            })
    void rule2_1_aTokenizerOfAnotherKindIsRefusedByNameForText(String pointer, String value, String named)
            throws IOException {
        int slash = pointer.lastIndexOf('/');
        ObjectNode parent = (ObjectNode) json.at(pointer.substring(0, slash));
        parent.set(pointer.substring(slash + 1), TokenizerJsonFiles.JSON.readTree(value));

        assertTakesNoText(TokenizerJsonFiles.read(folder, json), "tokenizer.json: found ", named, "is supported");
        // The two files beside do not stand in for it.
        assertTakesNoText(vocabularyFiles(), "tokenizer.json: found ", named);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "/model/unk_token ~ \"<|endoftext|>\"",
                "/model/byte_fallback ~ true",
                "/model/dropout ~ 0.0",
                "/model/ignore_merges ~ false",
                "/normalizer ~ {\"type\": \"Sequence\", \"normalizers\": []}",
                "/truncation ~ {\"max_length\": 2, \"strategy\": \"LongestFirst\", \"stride\": 0}",
                "/post_processor ~ null",
                "/decoder ~ null",
            })
    void rule2_1_whatChangesNoTokenOfAPromptIsRead(String pointer, String value) throws IOException {
        int slash = pointer.lastIndexOf('/');
        ObjectNode parent = (ObjectNode) json.at(pointer.substring(0, slash));
        parent.set(pointer.substring(slash + 1), TokenizerJsonFiles.JSON.readTree(value));

        assertThat(Digest.of(TokenizerJsonFiles.read(folder, json))).isEqualTo(Digest.of(TokenizerFiles.toy()));
    }

    @ParameterizedTest
    @CsvSource({
        "vocab.txt, WordPiece",
        "spiece.model, SentencePiece",
        "tokenizer.model, SentencePiece",
        "sentencepiece.bpe.model, SentencePiece"
    })
    void rule2_1_filesOfOtherTokenizersAreNamed(String file, String kind) throws IOException {
        assertThat(new TokenizerDirectory(folder).otherKind()).isEmpty();
        write(file, "x");
        assertThat(new TokenizerDirectory(folder).otherKind())
                .hasValueSatisfying(
                        why -> assertThat(why).contains(folder.resolve(file).toString(), kind));
    }

    @Test
    void rule2_1_aClassThatReadsTheVocabularyInAnotherWayIsNamed() throws IOException {
        write("tokenizer_config.json", "{\"tokenizer_class\": \"CLIPTokenizer\"}");
        assertTakesNoText(vocabularyFiles(), "tokenizer_config.json", "CLIPTokenizer");
        write("tokenizer_config.json", "{\"tokenizer_class\": \"GPT2Tokenizer\"}");
        assertThat(Digest.of(vocabularyFiles())).isEqualTo(Digest.of(TokenizerFiles.toy()));
    }

    @Test
    void rule2_1_prefixSpaceAndBeginningAreHonoured() throws IOException {
        write("tokenizer_config.json", "{\"add_prefix_space\": true}");
        Tokenizer toy = TokenizerFiles.toy();
        assertThat(vocabularyFiles().encode("the")).containsExactly(toy.encode(" the"));
        assertThat(vocabularyFiles().encode(" the")).containsExactly(toy.encode(" the"));
        assertThat(vocabularyFiles().encode("")).isEmpty();
        write("tokenizer_config.json", "{\"add_bos_token\": true}");
        assertThat(vocabularyFiles().encode("the")).containsExactly(305, 258);
        write("tokenizer_config.json", "{\"add_bos_token\": true, \"bos_token\": {\"content\": \"the\"}}");
        assertThat(vocabularyFiles().encode("a")).containsExactly(258, 64);
        write("tokenizer_config.json", "{\"add_bos_token\": true, \"bos_token\": \"<s>\"}");
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(this::vocabularyFiles)
                .withMessageContaining("tokenizer_config.json: found the token \"<s>\" to stand before every text");
        write("tokenizer_config.json", "{\"add_bos_token\": 1}");
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(this::vocabularyFiles)
                .withMessageContaining("the value 1 of add_bos_token");
    }

    @Test
    void rule2_1_theConfigDecidesOverTheTokenizersPrefixSpace() throws IOException {
        ((ObjectNode) json.get("pre_tokenizer")).put("add_prefix_space", true);
        assertThat(TokenizerJsonFiles.read(folder, json).addsPrefixSpace()).isTrue();
        write("tokenizer_config.json", "{\"add_prefix_space\": false}");
        assertThat(TokenizerJsonFiles.read(folder, json).addsPrefixSpace()).isFalse();
    }

    @Test
    void rule2_1_theLaterSourceOfAnAddedTokenDecides() throws IOException {
        write("added_tokens.json", "{\"<a>\": 306, \"<b>\": 307}");
        assertThat(vocabularyFiles().encode("<a><b>")).containsExactly(306, 307);
        write("special_tokens_map.json", "{\"pad_token\": \"<a>\", \"sep_token\": {\"content\": \"<b>\"}}");
        assertThat(vocabularyFiles().encode("<a><b>")).doesNotContain(306, 307);
        assertThat(vocabularyFiles().decode(true, 64, 306, 307)).isEqualTo("a");
        write("special_tokens_map.json", "{\"additional_special_tokens\": [\"<a>\"]}");
        assertThat(vocabularyFiles().encode("<a><b>")).endsWith(307).doesNotContain(306);

        ((ArrayNode) json.get("added_tokens")).add(TokenizerJsonFiles.added("<b>", 307, true));
        TokenizerJsonFiles.write(folder.resolve("tokenizer.json"), json);
        assertThat(vocabularyFiles().encode("<a><b>")).doesNotContain(306, 307);
        assertThat(vocabularyFiles().encode("<a><b>", true)).containsExactly(306, 307);

        write(
                "tokenizer_config.json",
                "{\"added_tokens_decoder\": {\"307\": {\"content\": \"<b>\", \"special\": false}}}");
        assertThat(vocabularyFiles().encode("<b>")).containsExactly(307);
        // As in transformers: it stands for added_tokens.json.
        assertThat(vocabularyFiles().contains(306)).isFalse();
    }

    @Test
    void addedTokensThatContradictTheVocabularyOrEachOtherAreNamed() throws IOException {
        for (Map.Entry<String, String> wrong : Map.of(
                        "{\"the\": 306}", "found the added token \"the\" with the id 306; expected 258",
                        "{\"<a>\": 258}", "an id of its own, for this one is of \"the\"",
                        "{\"<a>\": -1}", "the id -1 for the added token \"<a>\"",
                        "{\"<a>\": 1e3}", "the added token \"<a>\"",
                        "{\"<a>\": 99999999999999999999}", "the id 99999999999999999999",
                        "{\"<a>\": \"1\"}", "the id \"1\"",
                        "{\"\\ud83d\": 306}", "a lone surrogate",
                        "[1]", "a JSON value that starts with START_ARRAY",
                        "{\"<a>\": 306", "text that is not JSON")
                .entrySet()) {
            write("added_tokens.json", wrong.getKey());
            assertThatExceptionOfType(InvalidVocabularyException.class)
                    .as(wrong.getKey())
                    .isThrownBy(this::vocabularyFiles)
                    .withMessageContaining(folder.toString())
                    .withMessageContaining(wrong.getValue());
        }
        write("added_tokens.json", "{\"<a>\": 306}");
        ((ArrayNode) json.get("added_tokens")).add(TokenizerJsonFiles.added("<a>", 307, true));
        TokenizerJsonFiles.write(folder.resolve("tokenizer.json"), json);
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(this::vocabularyFiles)
                .withMessageContaining("the added token \"<a>\" with the ids 306 and 307");
    }

    @Test
    void filesThatContradictEachOtherAreRefused() throws IOException {
        ((ObjectNode) json.at("/model/vocab")).put("the", 400);
        TokenizerJsonFiles.write(folder.resolve("tokenizer.json"), json);
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(this::vocabularyFiles)
                .withMessageContaining("tokenizer.json: found the id 400 for the token \"the\"; expected 258");
        json = TokenizerJsonFiles.toy();
        ((ArrayNode) json.at("/model/merges")).remove(json.at("/model/merges").size() - 1);
        TokenizerJsonFiles.write(folder.resolve("tokenizer.json"), json);
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(this::vocabularyFiles)
                .withMessageContaining("tokenizer.json: found other merges than in merges.txt");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab.json", "merges.txt", "tokenizer.json", "added_tokens.json", "tokenizer_config.json"})
    void gitLfsPointersAndOtherEncodingsNameTheirFile(String name) throws IOException {
        TokenizerJsonFiles.copyToyFiles(folder);
        TokenizerJsonFiles.write(folder.resolve("tokenizer.json"), json);
        write("added_tokens.json", "{}");
        write("tokenizer_config.json", "{}");
        String right = Files.readString(folder.resolve(name));
        write(name, LFS_POINTER);
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(this::vocabularyFiles)
                .withMessageContaining(folder.resolve(name) + ": found a Git LFS pointer");
        for (String charset : List.of("UTF-16", "UTF-16LE", "UTF-32", "UTF-32LE")) {
            Files.write(folder.resolve(name), right.getBytes(Charset.forName(charset)));
            assertThatExceptionOfType(InvalidVocabularyException.class)
                    .as(charset)
                    .isThrownBy(this::vocabularyFiles)
                    .withMessageStartingWith(folder.resolve(name) + ": found ")
                    .withMessageNotContaining("REDACTED")
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
        }
        write(name, "\uFEFF" + right);
        assertThat(vocabularyFiles().encode("the")).containsExactly(258);
    }

    @Test
    void aTokenizerThatIsNoneIsRefused() throws IOException {
        for (Map.Entry<String, String> wrong : Map.of(
                        "[]",
                        "a JSON value that starts with START_ARRAY",
                        "{}",
                        "no field 'model'",
                        "{\"model\": 1}",
                        "a JSON value that starts with VALUE_NUMBER_INT",
                        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [[\"a\"]]}}",
                        "index 0 of the merges",
                        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": [1]}}",
                        "index 0 of the merges",
                        "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": null}}",
                        "no list of merges in the model",
                        "{\"model\": {\"vocab\": {\"a\": 1e999999999}}}",
                        "the id 1e999999999 for the token \"a\"",
                        "{\"model\": {\"x\": " + "9".repeat(2000) + "}}",
                        "text that is not JSON",
                        "{\"a\": " + "[".repeat(5000) + "}",
                        "text that is not JSON",
                        "{\"a\": [" + "0,".repeat(1 << 19) + "0]}",
                        "more than 262144 names and values")
                .entrySet()) {
            write("tokenizer.json", wrong.getKey());
            assertThatExceptionOfType(InvalidVocabularyException.class)
                    .as(wrong.getValue())
                    .isThrownBy(() -> new TokenizerDirectory(folder).fromTokenizerJson())
                    .withMessageStartingWith(folder.resolve("tokenizer.json") + ": found ")
                    .withMessageContaining(wrong.getValue());
        }
    }
}
