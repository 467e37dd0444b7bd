package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens files of a model. Symbolic links are followed: the hub's cache is made of them. */
final class ModelFiles {
    private ModelFiles() {}

    /**
     * Opens a regular file for reading.
     *
     * @throws InvalidModelException if there is none; a pipe or device would block, or never end
     */
    static FileChannel open(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new InvalidModelException(
                    file,
                    "file",
                    Files.exists(file) ? "something that is not a regular file" : "no such file",
                    "a file with a model's weights",
                    "check the path, and that the download is complete");
        }
        try {
            return FileChannel.open(file, StandardOpenOption.READ);
        } catch (IOException e) {
            throw new IOException(file + ": cannot open the file for reading: " + e, e);
        }
    }

    /** What {@link WeightsFile#read} throws for a name that the file does not have. */
    static InvalidModelException noSuchTensor(Path file, String tensorName) {
        return new InvalidModelException(
                file,
                "tensor " + InvalidModelException.quoted(tensorName),
                "no tensor of this name",
                "one",
                "check that the weights belong to the model's config");
    }

    /** The last part of the path, for messages. */
    static String name(Path file) {
        Path name = file.getFileName();
        return name == null ? file.toString() : name.toString();
    }
}
