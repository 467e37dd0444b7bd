package io.flinkgpt2.tokenizer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The golden rows, and vocabularies written for a test. */
final class TokenizerFiles {

    /** One row of golden data. */
    record Row(String text, List<Integer> tokenIds) {
        int[] tokenIdArray() {
            return tokenIds.stream().mapToInt(Integer::intValue).toArray();
        }

        @Override
        public String toString() {
            return text.length() <= 40 ? text : text.substring(0, 40) + "...";
        }
    }

    private TokenizerFiles() {}

    static Path golden(String name) {
        URL url = Objects.requireNonNull(TokenizerFiles.class.getResource("/golden/tokenizer/" + name), name);
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<Row> rows(String name) throws IOException {
        ObjectReader reader = new ObjectMapper().readerFor(Row.class);
        try (var rows = reader.<Row>readValues(golden(name).toFile())) {
            return rows.readAll();
        }
    }

    static Tokenizer toy() throws IOException {
        return Tokenizer.fromFiles(golden("toy/vocab.json"), golden("toy/merges.txt"));
    }

    /** Writes both files to {@code folder} and reads them back. */
    static Tokenizer tokenizer(Path folder, Map<String, Integer> vocabulary, List<String> merges) throws IOException {
        Path vocabJson = folder.resolve("vocab.json");
        Path mergesTxt = folder.resolve("merges.txt");
        new ObjectMapper().writeValue(vocabJson.toFile(), vocabulary);
        Files.write(mergesTxt, merges);
        return Tokenizer.fromFiles(vocabJson, mergesTxt);
    }
}
