package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/**
 * The form of checkpoint that PyTorch writes since 1.6: a zip file of stored entries, all below one directory, with
 * {@code data.pkl}, the pickle; {@code data/<key>}, the bytes of each storage; {@code byteorder}, {@code little} or
 * {@code big}, which older versions leave out; and others, which are not needed.
 */
final class TorchZip {
    private static final String PICKLE = "data.pkl";
    private static final int LONGEST_BYTE_ORDER = 16;
    private static final String ADVICE =
            "the file is damaged or not made by torch.save: download it again, or convert the model to safetensors";

    private final FileChannel channel;
    private final Path file;
    private final Map<String, StoredZip.Entry> entries;
    private final String directory;

    private TorchZip(FileChannel channel, Path file, Map<String, StoredZip.Entry> entries)
            throws InvalidModelException {
        this.channel = channel;
        this.file = file;
        this.entries = entries;
        String first = entries.keySet().iterator().next();
        this.directory = first.substring(0, first.indexOf('/') + 1);
        for (String name : entries.keySet()) {
            if (directory.isEmpty() || !name.startsWith(directory)) {
                throw invalid("entry " + quoted(name), "it beside " + quoted(first), "all below one directory");
            }
        }
    }

    /**
     * @throws InvalidModelException if the file breaks the form in any way
     */
    static TorchStateDict.Contents contents(FileChannel channel, Path file) throws IOException {
        return new TorchZip(channel, file, StoredZip.entries(channel, file)).contents();
    }

    private TorchStateDict.Contents contents() throws IOException {
        checkByteOrder();
        String name = directory + PICKLE;
        StoredZip.Entry entry = entries.get(name);
        if (entry == null || entry.size() > RestrictedUnpickler.MAX_BYTES) {
            throw invalid(
                    "entry " + quoted(name),
                    entry == null ? "nothing" : entry.size() + " bytes",
                    "a pickle of at most " + RestrictedUnpickler.MAX_BYTES + " bytes");
        }
        PickleInput input = new PickleInput(ModelFiles.read(channel, file, name, entry.position(), (int) entry.size()));
        Object root = new RestrictedUnpickler(file, name, input).load();
        if (input.remaining() > 0) {
            throw invalid(name, input.remaining() + " bytes after the pickle's end", "none");
        }
        return TorchStateDict.find(file, name, root, ModelFiles.size(channel, file))
                .contents(this::position);
    }

    private void checkByteOrder() throws IOException {
        StoredZip.Entry entry = entries.get(directory + "byteorder");
        if (entry == null) {
            return;
        }
        int length = (int) Math.min(entry.size(), LONGEST_BYTE_ORDER);
        byte[] bytes = ModelFiles.read(channel, file, entry.name(), entry.position(), length);
        String order = new String(bytes, StandardCharsets.US_ASCII);
        if (!order.equals("little")) {
            throw invalid("entry " + quoted(entry.name()), quoted(order), "'little': the byte order of the values");
        }
    }

    private long position(TorchStorage storage) throws InvalidModelException {
        String name = directory + "data/" + storage.key();
        StoredZip.Entry entry = entries.get(name);
        if (entry == null || entry.size() != storage.byteCount()) {
            throw invalid(
                    "entry " + quoted(name),
                    entry == null ? "nothing" : entry.size() + " bytes",
                    storage.byteCount() + " bytes: " + storage.numel() + " elements of " + storage.dtype());
        }
        return entry.position();
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
