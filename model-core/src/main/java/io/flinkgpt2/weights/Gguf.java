package io.flinkgpt2.weights;

import io.flinkgpt2.weights.GgufTensors.Entry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One GGUF file, of version 2 or 3.
 *
 * <p>The format, little-endian throughout: the four letters {@code GGUF}; the version in 4 bytes; the number of tensors and
 * of metadata keys in 8 each; the metadata, for each key its name, its value's type and its value; for each tensor its
 * name, the number of its dimensions, their sizes (innermost first), its type, and its offset in the data; padding up to a
 * multiple of {@code general.alignment}, 32 unless the metadata has another; the data. A name is a length in 8 bytes and
 * UTF-8. Shapes are given here as everywhere, outermost first; quantised values are delivered as the float32 values that
 * ggml makes of them.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">The format</a>
 */
public final class Gguf implements WeightsFile {
    private static final String SUFFIX = ".gguf";
    /** The name of a part of a split model. */
    private static final Pattern PART = Pattern.compile(".*-\\d{5}-of-\\d{5}\\.gguf");

    private final Path file;
    private final FileChannel channel;
    private final int bufferBytes;
    private final GgufMetadata metadata;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, TensorInfo> tensors = new LinkedHashMap<>();

    private Gguf(Path file, FileChannel channel, int bufferBytes) throws IOException {
        this.file = file;
        this.channel = channel;
        this.bufferBytes = bufferBytes;
        GgufHeader.Header header;
        try {
            header = GgufHeader.parse(file, channel);
        } catch (InvalidModelException e) {
            throw e;
        } catch (IOException e) {
            throw new IOException(file + ": header: cannot read it: " + e, e);
        }
        this.metadata = header.metadata();
        for (Entry entry : header.tensors()) {
            entries.put(entry.tensor().name(), entry);
            tensors.put(entry.tensor().name(), entry.tensor());
        }
    }

    /**
     * Opens a file and checks its metadata's structure and its tensors; the file stays open until {@link #close}.
     *
     * @param file a regular file, or a symbolic link to one
     * @throws InvalidModelException if the file breaks the format in any way, is big-endian or of another version, has a
     *     tensor of a type that is not supported, more than 16 MiB before the data, 16,384 keys or 16,384 tensors
     * @throws IOException if the file cannot be read
     */
    public static Gguf open(Path file) throws IOException {
        return open(file, TensorStream.BUFFER_BYTES);
    }

    /** As {@link #open(Path)}, with pieces of another size in bytes. */
    static Gguf open(Path file, int bufferBytes) throws IOException {
        return ModelFiles.open(file, channel -> new Gguf(file, channel, bufferBytes));
    }

    /**
     * Returns the GGUF file that is a model's weights: a file that begins as GGUF does, or is called {@code *.gguf} (so that a
     * damaged one is called what it is); or the one {@code *.gguf} of a directory without weights of another format.
     *
     * @throws InvalidModelException if a directory without other weights has several
     */
    public static Optional<Path> find(Path directoryOrFile) throws IOException {
        if (Files.isDirectory(directoryOrFile)) {
            return findIn(directoryOrFile);
        }
        boolean named = ModelFiles.name(directoryOrFile).endsWith(SUFFIX);
        return named || hasMagic(directoryOrFile) ? Optional.of(directoryOrFile) : Optional.empty();
    }

    private static boolean hasMagic(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (FileChannel channel = ModelFiles.open(file)) {
            byte[] start = new byte[GgufHeader.MAGIC.length];
            return GgufHeader.hasMagic(start, TensorStream.readFully(channel, start, start.length, 0));
        }
    }

    private static Optional<Path> findIn(Path directory) throws IOException {
        for (String name : WeightsFiles.NAMES) {
            if (Files.exists(directory.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                return Optional.empty();
            }
        }
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            files.forEach(found::add);
        } catch (DirectoryIteratorException e) {
            throw new IOException(directory + ": cannot list the directory: " + e.getCause(), e);
        }
        if (found.size() > 1) {
            List<String> names = found.stream().map(ModelFiles::name).sorted().toList();
            Path first = directory.resolve(names.get(0));
            throw new InvalidModelException(
                    directory,
                    "weights",
                    names.size() + " files *" + SUFFIX + ": " + MissingWeights.shown(names),
                    "one",
                    names.stream().allMatch(name -> PART.matcher(name).matches())
                            ? "join the parts with llama-gguf-split --merge " + first
                                    + " WHOLE.gguf, and give that file"
                            : "give the path of the file that is meant, such as " + first);
        }
        return found.stream().findFirst();
    }

    /** Hyper-parameters, vocabulary and whatever else the file says of its model. */
    public GgufMetadata metadata() {
        return metadata;
    }

    /** Returns the file, as it was given. */
    public Path file() {
        return file;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public void read(String tensorName, TensorSink sink) throws IOException {
        Entry entry = entries.get(tensorName);
        if (entry == null) {
            throw ModelFiles.noSuchTensor(file, tensorName);
        }
        TensorStream.read(channel, file, entry.tensor(), entry.position(), bufferBytes, sink);
    }

    @Override
    public String describe() {
        return ModelFiles.name(file);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
