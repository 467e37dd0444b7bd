package io.flinkgpt2.tokenizer;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InvalidVocabularyTest {
    @TempDir
    Path folder;

    private Path vocabJson;
    private Path mergesTxt;

    @BeforeEach
    void writeFilesThatAreRight() throws IOException {
        vocabJson = folder.resolve("vocab.json");
        mergesTxt = folder.resolve("merges.txt");
        Files.writeString(vocabJson, "{\"a\": 0, \"b\": 1, \"c\": 2, \"ab\": 3, \"abc\": 4, \"<|endoftext|>\": 5}");
        Files.writeString(mergesTxt, "#version: 0.2\na b\nab c\n");
        Tokenizer.fromFiles(vocabJson, mergesTxt);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "not json                     ~ text that is not JSON",
                "{\"a\": 0                    ~ text that is not JSON",
                "{\"a\": 0,}                  ~ text that is not JSON",
                "[\"a\", \"b\"]               ~ a JSON value that starts with START_ARRAY",
                "\"a\"                        ~ a JSON value that starts with VALUE_STRING",
                "` `                          ~ no JSON value",
                "{}                           ~ an empty object",
                "{\"a\": 0} {\"b\": 1}        ~ more text after the object",
                "{\"a\": 0} x                 ~ text that is not JSON",
                "{\"a\": -1}                  ~ the id -1 for the token \"a\"",
                "{\"a\": 1.0}                 ~ the id 1.0 for the token \"a\"",
                "{\"a\": 1e3}                 ~ the id 1e3 for the token \"a\"",
                "{\"a\": NaN}                 ~ the id NaN for the token \"a\"",
                "{\"a\": 2147483647}          ~ the id 2147483647 for the token \"a\"",
                "{\"a\": 4294967296}          ~ the id 4294967296 for the token \"a\"",
                "{\"a\": 18446744073709551616} ~ the id 18446744073709551616 for the token \"a\"",
                "{\"a\": \"0\"}               ~ the id 0 for the token \"a\"",
                "{\"a\": null}                ~ the id null for the token \"a\"",
                "{\"a\": true}                ~ the id true for the token \"a\"",
                "{\"a\": {\"b\": 0}}          ~ the id START_OBJECT for the token \"a\"",
                "{\"a\": [0]}                 ~ the id START_ARRAY for the token \"a\"",
                "{\"a\": 0, \"b\": 0}         ~ the id 0 for both \"a\" and \"b\"",
                "{\"a\": 0, \"a\": 1}         ~ the token \"a\" twice",
                "{\"a\": 0, \"\\u0061\": 1}   ~ the token \"a\" twice",
                "{\"\": 0}                    ~ an empty object",
                "{\"\\ud83d\": 0}             ~ a token with a lone surrogate",
            })
    void vocabulariesThatAreNotAnObjectFromTokenToIdAreRefused(String json, String found) throws IOException {
        Files.writeString(vocabJson, json);

        assertRefused(vocabJson, found);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "a              ~ \"a\" in line 2",
                "a b c          ~ \"a b c\" in line 2",
                "` a`           ~ \" a\" in line 2",
                "`a `           ~ \"a \" in line 2",
                "`a  b`         ~ \"a  b\" in line 2",
                "` `            ~ \" \" in line 2",
                "a\tb           ~ in line 2",
                "a \u00A0       ~ the character U+00A0 in line 2",
                "a b\u0144      ~ the character U+0144 in line 2",
                "a \uD83D\uDE42 ~ the character U+1F642 in line 2",
                "a z            ~ the token \"z\" in line 2",
                "z a            ~ the token \"z\" in line 2",
                "b c            ~ the token \"bc\" in line 2",
                "ab c           ~ the part \"ab\", which is neither a single byte nor made by an earlier merge in line 2",
            })
    void mergesThatAreNoMergesOfTheVocabularyAreRefusedWithTheirLine(String line, String found) throws IOException {
        Files.writeString(mergesTxt, "#version: 0.2\n" + line + "\n");

        assertRefused(mergesTxt, found);
    }

    @Test
    void aMergeThatIsListedTwiceIsRefused() throws IOException {
        Files.writeString(mergesTxt, "a b\nab c\na b\n");

        assertRefused(mergesTxt, "the same merge as in line 1 in line 3");
    }

    @ParameterizedTest
    @ValueSource(strings = {"#version: 0.2", "#version: 0.2\n\n\n", "\n"})
    void mergesWithoutAMergeAreRefused(String content) throws IOException {
        Files.writeString(mergesTxt, content);

        assertRefused(mergesTxt, "no merges");
    }

    @Test
    void aVersionHeaderThatIsNotTheFirstLineIsAMalformedMerge() throws IOException {
        Files.writeString(mergesTxt, "a b\n#version: 0.2 x\n");

        assertRefused(mergesTxt, "in line 2");
    }

    @Test
    void emptyFilesAreRefused() throws IOException {
        Files.write(mergesTxt, new byte[0]);
        assertRefused(mergesTxt, "an empty file");

        Files.write(vocabJson, new byte[0]);
        assertRefused(vocabJson, "an empty file");
    }

    @Test
    void bytesThatAreNotUtf8AreRefused() throws IOException {
        Files.write(mergesTxt, new byte[] {'a', ' ', (byte) 0xC4});
        assertRefused(mergesTxt, "bytes that are not UTF-8");

        Files.write(vocabJson, "{\"a\u00E9\": 0}".getBytes(StandardCharsets.ISO_8859_1));
        assertRefused(vocabJson, "bytes that are not UTF-8");

        Files.write(vocabJson, "{\"a\": 0}".getBytes(StandardCharsets.UTF_16));
        assertRefused(vocabJson, "bytes that are not UTF-8");
    }

    @Test
    void aFilePastTheLimitIsRefused() throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(vocabJson.toFile(), "rw")) {
            file.setLength(VocabularyFiles.MAX_FILE_BYTES + 1L); // sparse
        }

        assertRefused(vocabJson, "more than 16777216 bytes");
    }

    @Test
    void aNameOfAbsurdLengthIsRefused() throws IOException {
        Files.writeString(vocabJson, "{\"" + "a".repeat(1_000_000) + "\": 0}");

        assertRefused(vocabJson, "text that is not JSON");
    }

    @Test
    void aMissingFileIsNamed() throws IOException {
        Files.delete(mergesTxt);

        assertThatExceptionOfType(NoSuchFileException.class)
                .isThrownBy(() -> Tokenizer.fromFiles(vocabJson, mergesTxt))
                .withMessageContaining(mergesTxt.toString());
    }

    @Test
    void aFolderIsNoFile() {
        assertThatIOException().isThrownBy(() -> Tokenizer.fromFiles(folder, mergesTxt));
    }

    private void assertRefused(Path file, String found) {
        assertThatExceptionOfType(InvalidVocabularyException.class)
                .isThrownBy(() -> Tokenizer.fromFiles(vocabJson, mergesTxt))
                .withMessageStartingWith(file + ": found ")
                .withMessageContaining(found)
                .withMessageContaining("; expected ");
    }
}
