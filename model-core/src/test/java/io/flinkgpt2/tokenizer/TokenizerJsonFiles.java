package io.flinkgpt2.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes {@code tokenizer.json} files with the toy vocabulary of the golden data. */
final class TokenizerJsonFiles {
    static final ObjectMapper JSON = new ObjectMapper();

    private TokenizerJsonFiles() {}

    /** As the tokenizers library writes GPT-2's, with the toy vocabulary and its end-of-text token. */
    static ObjectNode toy() throws IOException {
        ObjectNode root = JSON.createObjectNode().put("version", "1.0");
        root.putNull("truncation").putNull("padding");
        root.putArray("added_tokens").add(added("<|endoftext|>", 305, true).put("normalized", true));
        root.putNull("normalizer");
        root.set("pre_tokenizer", byteLevel());
        root.set("post_processor", byteLevel());
        root.set("decoder", byteLevel());
        ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout");
        model.putNull("unk_token")
                .put("continuing_subword_prefix", "")
                .put("end_of_word_suffix", "")
                .put("fuse_unk", false)
                .put("byte_fallback", false);
        model.set("vocab", JSON.readTree(TokenizerFiles.golden("toy/vocab.json").toFile()));
        ArrayNode merges = model.putArray("merges");
        merges().forEach(merges::add);
        return root;
    }

    static List<String> merges() throws IOException {
        return Files.readAllLines(TokenizerFiles.golden("toy/merges.txt")).stream()
                .filter(line -> !line.isEmpty() && !line.startsWith("#version"))
                .toList();
    }

    static ObjectNode byteLevel() {
        return JSON.createObjectNode()
                .put("type", "ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", true);
    }

    static ObjectNode added(String text, int id, boolean special) {
        return JSON.createObjectNode()
                .put("id", id)
                .put("content", text)
                .put("single_word", false)
                .put("lstrip", false)
                .put("rstrip", false)
                .put("normalized", !special)
                .put("special", special);
    }

    static void write(Path file, JsonNode json) throws IOException {
        Files.write(file, JSON.writeValueAsBytes(json));
    }

    /** Writes {@code tokenizer.json} into a directory and reads it. */
    static Tokenizer read(Path directory, JsonNode json) throws IOException {
        write(directory.resolve("tokenizer.json"), json);
        return new TokenizerDirectory(directory).fromTokenizerJson();
    }

    /** Copies the toy's {@code vocab.json} and {@code merges.txt} into a directory. */
    static void copyToyFiles(Path directory) throws IOException {
        for (String name : List.of("vocab.json", "merges.txt")) {
            Files.copy(TokenizerFiles.golden("toy/" + name), directory.resolve(name));
        }
    }
}
