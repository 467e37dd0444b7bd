package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The form of checkpoint that PyTorch wrote before 1.6: five pickles, which are the number 0x1950a86a20f9469cfc6c, the
 * protocol version 1001, a dict that tells of the system, what was saved, and the list of the storages' keys; then for each
 * key in this order the number of elements in 8 little-endian bytes and the elements.
 */
final class TorchPickles {
    private static final BigInteger MAGIC_NUMBER = new BigInteger("1950a86a20f9469cfc6c", 16);
    private static final Integer PROTOCOL_VERSION = 1001;
    private static final String STATE = "state-dict pickle";
    private static final String KEYS = "pickle of storage keys";
    private static final String ADVICE =
            "the file is damaged or not made by torch.save: download it again, or convert the model to safetensors";

    private final FileChannel channel;
    private final Path file;
    private final PickleInput input;

    private TorchPickles(FileChannel channel, Path file, PickleInput input) {
        this.channel = channel;
        this.file = file;
        this.input = input;
    }

    /**
     * @throws InvalidModelException if the file breaks the form in any way
     */
    static TorchStateDict.Contents contents(FileChannel channel, Path file) throws IOException {
        PickleInput input = new PickleInput(ModelFiles.start(channel, file, RestrictedUnpickler.MAX_BYTES));
        return new TorchPickles(channel, file, input).contents();
    }

    private TorchStateDict.Contents contents() throws IOException {
        checkSystem();
        RestrictedUnpickler state = new RestrictedUnpickler(file, STATE, input);
        TorchStateDict stateDict = TorchStateDict.find(file, STATE, state.load(), ModelFiles.size(channel, file));
        Object keys = new RestrictedUnpickler(file, KEYS, input).load();
        Map<String, Long> positions = positions(keys, state.storages());
        return stateDict.contents(storage -> {
            Long position = positions.get(storage.key());
            if (position == null) {
                throw invalid("storage " + quoted(storage.key()), "no data", "its key in the list of storage keys");
            }
            return position;
        });
    }

    private void checkSystem() throws InvalidModelException {
        Object magic = new RestrictedUnpickler(file, "magic number", input).load();
        if (!MAGIC_NUMBER.equals(magic)) {
            throw invalid("magic number", PickledDict.describe(magic), "0x" + MAGIC_NUMBER.toString(16));
        }
        Object version = new RestrictedUnpickler(file, "protocol version", input).load();
        if (!PROTOCOL_VERSION.equals(version)) {
            throw invalid("protocol version", PickledDict.describe(version), PROTOCOL_VERSION.toString());
        }
        Object system = new RestrictedUnpickler(file, "system pickle", input).load();
        Object littleEndian = system instanceof PickledDict dict ? dict.get("little_endian") : null;
        if (!Boolean.TRUE.equals(littleEndian)) {
            throw invalid("system pickle, little_endian", PickledDict.describe(littleEndian), "the value true");
        }
    }

    /** Returns where the elements of each storage begin; checks that the storages fill the rest of the file. */
    private Map<String, Long> positions(Object keys, Map<String, TorchStorage> storages) throws IOException {
        if (!(keys instanceof List<?> list)) {
            throw invalid(KEYS, PickledDict.describe(keys), "a list of strings");
        }
        long fileBytes = ModelFiles.size(channel, file);
        long position = input.position();
        Map<String, Long> positions = new HashMap<>();
        for (Object key : list) {
            TorchStorage storage = key instanceof String ? storages.get(key) : null;
            if (storage == null) {
                throw invalid(KEYS, PickledDict.describe(key), "keys of storages that the state dict refers to");
            }
            String subject = "storage " + quoted(storage.key());
            long left = fileBytes - position - Long.BYTES;
            if (left < storage.byteCount()) {
                throw invalid(
                        subject,
                        Math.max(0, left) + " bytes from byte " + (position + Long.BYTES) + " to the file's end",
                        storage.byteCount() + " bytes: " + storage.numel() + " elements of " + storage.dtype());
            }
            long numel = ByteBuffer.wrap(ModelFiles.read(channel, file, subject, position, Long.BYTES))
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .getLong();
            if (numel != storage.numel()) {
                throw invalid(
                        subject + ", numel", Long.toString(numel), storage.numel() + ", as its persistent id says");
            }
            if (positions.put(storage.key(), position + Long.BYTES) != null) {
                throw invalid(KEYS, quoted(storage.key()) + " twice", "each key once");
            }
            position += Long.BYTES + storage.byteCount();
        }
        if (position != fileBytes) {
            throw invalid("end of the data", (fileBytes - position) + " bytes after the last storage", "none");
        }
        return positions;
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
