package io.flinkgpt2.weights;

import io.flinkgpt2.weights.SafeTensorsHeader.Entry;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One safetensors file.
 *
 * <p>The format: 8 bytes, the header's length as an unsigned little-endian integer; the header, a JSON object in UTF-8 that
 * begins with <code>{</code> and may be padded with spaces; the data. The header gives for each tensor's name
 * <code>{"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}</code>, with offsets from the start of the data,
 * and under <code>__metadata__</code> a map of strings to strings, which is not used here. Values are little-endian and
 * row-major; those of F64 are delivered rounded to float32. {@code __metadata__} may be null, and other fields of a tensor
 * are passed over, as the format's own library does. The tensors cover the data without overlap and without a hole.
 *
 * @see <a href="https://github.com/huggingface/safetensors#format">The format</a>
 */
public final class SafeTensors implements WeightsFile {
    private final Path file;
    private final FileChannel channel;
    private final long dataStart;
    private final int bufferBytes;
    private final Map<String, Entry> entries;
    private final Map<String, TensorInfo> tensors;

    private SafeTensors(Path file, FileChannel channel, long dataStart, int bufferBytes, Iterable<Entry> sorted) {
        this.file = file;
        this.channel = channel;
        this.dataStart = dataStart;
        this.bufferBytes = bufferBytes;
        Map<String, Entry> entriesByName = new LinkedHashMap<>();
        Map<String, TensorInfo> tensorsByName = new LinkedHashMap<>();
        for (Entry entry : sorted) {
            entriesByName.put(entry.tensor().name(), entry);
            tensorsByName.put(entry.tensor().name(), entry.tensor());
        }
        this.entries = entriesByName;
        this.tensors = Collections.unmodifiableMap(tensorsByName);
    }

    /**
     * Opens a file and checks its header; the file stays open until {@link #close}.
     *
     * @param file a regular file, or a symbolic link to one
     * @throws InvalidModelException if the file breaks the format in any way, its header has more than 16 MiB or 65,536
     *     names, or a tensor has more than 64 dimensions
     * @throws IOException if the file cannot be read
     */
    public static SafeTensors open(Path file) throws IOException {
        return open(file, TensorStream.BUFFER_BYTES);
    }

    /** As {@link #open(Path)}, with pieces of another size in bytes. */
    static SafeTensors open(Path file, int bufferBytes) throws IOException {
        return ModelFiles.open(file, channel -> open(file, channel, bufferBytes));
    }

    private static SafeTensors open(Path file, FileChannel channel, int bufferBytes) throws IOException {
        long fileBytes = ModelFiles.size(channel, file);
        byte[] prefix = ModelFiles.start(channel, file, SafeTensorsHeader.LENGTH_BYTES);
        int length = SafeTensorsHeader.parseLength(file, prefix, fileBytes);
        byte[] header = ModelFiles.read(channel, file, "header", SafeTensorsHeader.LENGTH_BYTES, length);
        long dataStart = SafeTensorsHeader.LENGTH_BYTES + (long) length;
        Iterable<Entry> sorted = SafeTensorsHeader.parse(file, header, fileBytes - dataStart);
        return new SafeTensors(file, channel, dataStart, bufferBytes, sorted);
    }

    @Override
    public Map<String, TensorInfo> tensors() {
        return tensors;
    }

    @Override
    public void read(String tensorName, TensorSink sink) throws IOException {
        Entry entry = entries.get(tensorName);
        if (entry == null) {
            throw ModelFiles.noSuchTensor(file, tensorName);
        }
        TensorStream.read(channel, file, entry.tensor(), dataStart + entry.begin(), bufferBytes, sink);
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
