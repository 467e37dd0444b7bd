package io.flinkgpt2.weights;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A file that PyTorch's {@code torch.save} has written, such as {@code pytorch_model.bin}: the zip form of PyTorch 1.6 and
 * later, or the older form of pickles with the data behind them.
 *
 * <p>Opening one runs nothing of what it contains. The pickle in it can build tensors, containers and plain values;
 * every class or function that these do not need is refused by name, before anything is made of it. Values are read in
 * place. Tensors may share a storage, as a tied LM head does with the token embedding, and may be any view of it: a transposed
 * or sliced one is delivered row-major like any other.
 *
 * <p>What was saved must be a state dict, a dict of names and tensors, or a dict with exactly one such dict in it, as in
 * <code>{"state_dict": {...}, "epoch": 3}</code>. None, booleans, numbers and strings among the tensors are passed over, any
 * other value is an error. Values must be little-endian.
 *
 * @see <a href="https://docs.pytorch.org/docs/stable/notes/serialization.html">Serialization semantics of PyTorch</a>
 */
public final class TorchCheckpoint implements WeightsFile {
    private static final int START_BYTES = 4;
    private static final int PICKLE_PROTOCOL = 0x80;
    private static final int HIGHEST_PROTOCOL = 5;

    private final Path file;
    private final FileChannel channel;
    private final int bufferBytes;
    private final int stridedBufferBytes;
    private final Optional<PickledDict> modelArguments;
    private final Map<String, StridedTensor> stored;
    private final Map<String, TensorInfo> tensors;

    private TorchCheckpoint(
            Path file, FileChannel channel, int bufferBytes, int stridedBufferBytes, TorchStateDict.Contents contents) {
        this.file = file;
        this.channel = channel;
        this.bufferBytes = bufferBytes;
        this.stridedBufferBytes = stridedBufferBytes;
        this.modelArguments = contents.modelArguments();
        Map<String, StridedTensor> storedByName = new LinkedHashMap<>();
        Map<String, TensorInfo> tensorsByName = new LinkedHashMap<>();
        for (StridedTensor tensor : contents.tensors()) {
            storedByName.put(tensor.info().name(), tensor);
            tensorsByName.put(tensor.info().name(), tensor.info());
        }
        this.stored = storedByName;
        this.tensors = Collections.unmodifiableMap(tensorsByName);
    }

    /**
     * Opens a file of either form and checks its tensors against its size; the file stays open until {@link #close}.
     *
     * @param file a regular file, or a symbolic link to one
     * @throws InvalidModelException if the file is of neither form or breaks it in any way, refers to a class or function
     *     that tensors do not need, has more than 4 MiB or 131,072 opcodes of pickles, more than 16,384 entries, or a tensor
     *     that exceeds its storage or has more than 64 dimensions
     * @throws IOException if the file cannot be read
     */
    public static TorchCheckpoint open(Path file) throws IOException {
        return open(file, TensorStream.BUFFER_BYTES, StridedStream.BUFFER_BYTES);
    }

    /** As {@link #open(Path)}, with pieces of another size in bytes. */
    static TorchCheckpoint open(Path file, int bufferBytes) throws IOException {
        return open(file, bufferBytes, bufferBytes);
    }

    private static TorchCheckpoint open(Path file, int bufferBytes, int stridedBufferBytes) throws IOException {
        return ModelFiles.open(
                file,
                channel ->
                        new TorchCheckpoint(file, channel, bufferBytes, stridedBufferBytes, contents(file, channel)));
    }

    private static TorchStateDict.Contents contents(Path file, FileChannel channel) throws IOException {
        byte[] start = ModelFiles.start(channel, file, START_BYTES);
        if (isZip(start)) {
            return TorchZip.contents(channel, file);
        }
        if (isPickle(start)) {
            return TorchPickles.contents(channel, file);
        }
        throw new InvalidModelException(
                file,
                "start of the file",
                "neither a zip file nor a pickle",
                "a file made by torch.save",
                "download the file again, or convert the model to safetensors");
    }

    /** Returns the same open file with other views of its storages. Closing either closes both. */
    TorchCheckpoint withTensors(List<StridedTensor> others) {
        return new TorchCheckpoint(
                file, channel, bufferBytes, stridedBufferBytes, new TorchStateDict.Contents(others, modelArguments));
    }

    /** Returns the tensors as views of their storages, in the order of their bytes. */
    List<StridedTensor> views() {
        return List.copyOf(stored.values());
    }

    /** Returns the description of the model that nanoGPT saves beside a state dict; empty if it is not there. */
    Optional<PickledDict> modelArguments() {
        return modelArguments;
    }

    /** Returns the file, as it was given. */
    Path file() {
        return file;
    }

    /** Returns whether a file that starts so is of the zip form, if of any. */
    static boolean isZip(byte[] start) {
        return start.length >= 4 && start[0] == 'P' && start[1] == 'K' && start[2] == 3 && start[3] == 4;
    }

    /** Returns whether a file that starts so is of the older form, if of any: a pickle begins with its protocol, 2 or more. */
    static boolean isPickle(byte[] start) {
        return start.length >= 2
                && (start[0] & 0xff) == PICKLE_PROTOCOL
                && start[1] >= 2
                && start[1] <= HIGHEST_PROTOCOL;
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    @Override
    public void read(String tensorName, TensorSink sink) throws IOException {
        StridedTensor tensor = stored.get(tensorName);
        if (tensor == null) {
            throw ModelFiles.noSuchTensor(file, tensorName);
        }
        if (tensor.isRowMajor()) {
            TensorStream.read(channel, file, tensor.info(), tensor.position(), bufferBytes, sink);
        } else {
            StridedStream.read(channel, file, tensor, stridedBufferBytes, sink);
        }
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
