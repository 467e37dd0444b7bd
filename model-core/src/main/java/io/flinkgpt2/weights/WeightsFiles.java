package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;

/** Finds and opens a model's weights. */
public final class WeightsFiles {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private WeightsFiles() {}

    /**
     * Opens the weights in a directory ({@code model.safetensors}, else {@code model.safetensors.index.json}, else its one
     * {@code *.gguf}), or a file: GGUF by its content, else one whose name ends in {@code .safetensors} or
     * {@code .safetensors.index.json}.
     *
     * @throws InvalidModelException if there are no weights of a known format, or they are not valid
     * @throws IOException if a file cannot be read
     */
    public static WeightsFile open(Path directoryOrFile) throws IOException {
        Optional<Path> gguf = Gguf.find(directoryOrFile);
        if (gguf.isPresent()) {
            return Gguf.open(gguf.get());
        }
        return Files.isDirectory(directoryOrFile) ? openDirectory(directoryOrFile) : openFile(directoryOrFile);
    }

    private static WeightsFile openDirectory(Path directory) throws IOException {
        for (String name : new String[] {SINGLE, INDEX}) {
            Path file = directory.resolve(name);
            // A link whose target is missing, as in a broken download, is to be named, not passed over.
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                return openFile(file);
            }
        }
        throw new InvalidModelException(
                directory,
                "weights",
                "a directory without them",
                SINGLE + ", " + INDEX + " or one *.gguf",
                "give the directory that a model was downloaded to, or convert its weights to safetensors");
    }

    private static WeightsFile openFile(Path file) throws IOException {
        String name = ModelFiles.name(file);
        if (name.endsWith(".safetensors.index.json")) {
            return ShardedWeights.open(file);
        }
        if (name.endsWith(".safetensors") || Files.notExists(file)) {
            return SafeTensors.open(file);
        }
        throw new InvalidModelException(
                file,
                "weights",
                "a file of unknown format",
                "GGUF, or a name that ends in .safetensors or .safetensors.index.json",
                "convert the weights to safetensors");
    }
}
