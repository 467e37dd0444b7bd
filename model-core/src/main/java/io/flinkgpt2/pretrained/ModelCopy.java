package io.flinkgpt2.pretrained;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.model.LoadedWeights;
import io.flinkgpt2.tokenizer.Tokenizer;
import io.flinkgpt2.weights.Gguf;
import io.flinkgpt2.weights.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A copy of a model of any format as the transformers library writes models: {@code config.json}, {@code model.safetensors} in
 * float32, and the tokenizer's files where the model has them. It computes the same logits, bit for bit.
 */
public final class ModelCopy {
    /** The files beside a model's weights that the copy takes over as they are. */
    private static final List<String> COMPANIONS = List.of(
            "vocab.json",
            "merges.txt",
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "added_tokens.json",
            "generation_config.json");

    private static final String WEIGHTS = "model.safetensors";

    private final Path source;
    private final Path target;
    private final List<String> written = new ArrayList<>();

    private ModelCopy(Path source, Path target) {
        this.source = source;
        this.target = target;
    }

    /**
     * The files of a copy.
     *
     * @param files names of the files, in the order in which they were written
     * @param sameTokenizer whether the copy encodes and decodes as the model does
     */
    public record Result(List<String> files, boolean sameTokenizer) {
        public Result {
            files = List.copyOf(files);
        }
    }

    /**
     * Writes a copy. The weights come last and appear whole, so a copy that failed is not taken for a model; what was written
     * is removed then.
     *
     * @param model a model in float32
     * @param source where it was loaded from
     * @param target a directory that is empty or not there
     * @throws IOException if the target has something in it, or cannot be written
     */
    public static Result write(Pretrained model, Path source, Path target) throws IOException {
        requireEmpty(target);
        boolean made = Files.notExists(target);
        Files.createDirectories(target);
        ModelCopy copy = new ModelCopy(source, target);
        try {
            return copy.write(model);
        } catch (IOException | RuntimeException e) {
            copy.remove(made, e);
            throw e;
        }
    }

    /**
     * Makes sure that nothing is overwritten.
     *
     * @throws IOException if there is a file, or a directory with something in it
     */
    public static void requireEmpty(Path target) throws IOException {
        if (Files.notExists(target)) {
            return;
        }
        boolean empty = false;
        if (Files.isDirectory(target)) {
            try (Stream<Path> entries = Files.list(target)) {
                empty = entries.findAny().isEmpty();
            }
        }
        if (!empty) {
            throw new IOException(target + ": found "
                    + (Files.isDirectory(target) ? "a directory that is not empty" : "a file")
                    + ", expected an empty directory or nothing; name another place");
        }
    }

    private Result write(Pretrained model) throws IOException {
        Optional<Path> gguf = Gguf.find(source);
        if (gguf.isPresent()) {
            writeVocabulary(gguf.get());
        } else {
            Path directory =
                    Files.isDirectory(source) ? source : source.toAbsolutePath().getParent();
            for (String name : COMPANIONS) {
                if (Files.isRegularFile(directory.resolve(name))) {
                    Files.copy(directory.resolve(name), began(name));
                }
            }
        }
        model.config().write(began("config.json"));
        SafeTensorsWriter.copy(new LoadedWeights(model.config(), model.weights()), began(WEIGHTS));
        boolean same = Arrays.equals(digest(model.tokenizer()), digest(Pretrained.openTokenizer(target)));
        return new Result(written, same);
    }

    private Path began(String name) {
        written.add(name);
        return target.resolve(name);
    }

    /** The vocabulary that a GGUF file has inside, as the two files of GPT-2's tokenizer. */
    private void writeVocabulary(Path file) throws IOException {
        try (Gguf gguf = Gguf.open(file)) {
            Optional<List<String>> tokens = gguf.metadata().strings(GgufVocabulary.TOKENS);
            Optional<List<String>> merges = gguf.metadata().strings(GgufVocabulary.MERGES);
            if (tokens.isEmpty() || merges.isEmpty()) {
                return;
            }
            ObjectMapper mapper = new ObjectMapper();
            ObjectNode vocabulary = mapper.createObjectNode();
            for (int id = 0; id < tokens.get().size(); id++) {
                if (!tokens.get().get(id).isEmpty()) {
                    vocabulary.put(tokens.get().get(id), id);
                }
            }
            Files.write(began("vocab.json"), mapper.writeValueAsBytes(vocabulary));
            Files.writeString(began("merges.txt"), "#version: 0.2\n" + String.join("\n", merges.get()) + "\n");
        }
    }

    private static byte[] digest(Tokenizer tokenizer) {
        MessageDigest digest = Digests.sha256();
        tokenizer.updateDigest(digest);
        return digest.digest();
    }

    private void remove(boolean directoryToo, Exception failure) {
        try {
            for (String name : written) {
                Files.deleteIfExists(target.resolve(name));
            }
            if (directoryToo) {
                Files.deleteIfExists(target);
            }
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }
}
