package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Finds and opens a model's weights. */
public final class WeightsFiles {
    /** Names of the files that are looked for in a directory, in this order. */
    static final List<String> NAMES = List.of(
            "model.safetensors",
            "model.safetensors.index.json",
            "pytorch_model.bin",
            "pytorch_model.bin.index.json",
            "ckpt.pt");

    /** A safetensors file has the length of its header first, and the header begins with a brace. */
    private static final int START_BYTES = Long.BYTES + 1;

    private WeightsFiles() {}

    private enum Format {
        SAFETENSORS,
        TORCH,
        LLM_C,
        INDEX,
        UNKNOWN
    }

    /**
     * Opens the weights in a directory ({@code model.safetensors}, {@code model.safetensors.index.json},
     * {@code pytorch_model.bin}, {@code pytorch_model.bin.index.json} or nanoGPT's {@code ckpt.pt}, the first that is there;
     * else its one {@code *.gguf}), or a file. What a file is, is found from its first bytes, not from its name.
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
        for (String name : NAMES) {
            Path file = directory.resolve(name);
            // A link whose target is missing, as in a broken download, is to be named, not passed over.
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                return openFile(file);
            }
        }
        throw MissingWeights.in(directory);
    }

    private static WeightsFile openFile(Path file) throws IOException {
        byte[] start;
        try (FileChannel channel = ModelFiles.open(file)) {
            start = ModelFiles.start(channel, file, START_BYTES);
        }
        return switch (format(ModelFiles.name(file), start)) {
            case SAFETENSORS -> SafeTensors.open(file);
            case TORCH -> openTorch(file);
            case LLM_C -> LlmcCheckpoint.open(file);
            case INDEX -> ShardedWeights.open(file);
            case UNKNOWN ->
                throw new InvalidModelException(
                        file,
                        "weights",
                        "a file of unknown format that begins with the bytes "
                                + HexFormat.ofDelimiter(" ").formatHex(start),
                        "safetensors, GGUF, a checkpoint of PyTorch or llm.c, or an index of shards",
                        ModelFiles.isGitLfsPointer(start)
                                ? ModelFiles.LFS_ADVICE
                                : "check that the download is complete, or convert the weights to safetensors");
        };
    }

    /** Returns a state dict, or a model of nanoGPT if the file says so. */
    private static WeightsFile openTorch(Path file) throws IOException {
        TorchCheckpoint checkpoint = TorchCheckpoint.open(file);
        Optional<PickledDict> arguments = checkpoint.modelArguments();
        if (arguments.isEmpty()) {
            return checkpoint;
        }
        try {
            return NanoGptCheckpoint.of(checkpoint, arguments.get());
        } catch (InvalidModelException e) {
            checkpoint.close();
            throw e;
        }
    }

    private static Format format(String name, byte[] start) {
        // First, for the length of a header may begin like a pickle.
        if (startsSafeTensors(start)) {
            return Format.SAFETENSORS;
        }
        if (TorchCheckpoint.isZip(start) || TorchCheckpoint.isPickle(start)) {
            return Format.TORCH;
        }
        if (LlmcCheckpoint.hasMagic(start)) {
            return Format.LLM_C;
        }
        if (new String(start, StandardCharsets.ISO_8859_1).strip().startsWith("{")) {
            return Format.INDEX;
        }
        // The content says nothing, so the file is damaged: the reader of what it is meant to be says how.
        return name.endsWith(".index.json")
                ? Format.INDEX
                : name.endsWith(".safetensors") ? Format.SAFETENSORS : Format.UNKNOWN;
    }

    private static boolean startsSafeTensors(byte[] start) {
        if (start.length < START_BYTES || start[Long.BYTES] != '{') {
            return false;
        }
        long length = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
        return length >= 0 && length <= SafeTensorsHeader.MAX_BYTES;
    }
}
