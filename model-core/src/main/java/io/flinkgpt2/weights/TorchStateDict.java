package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Finds the state dict in what a checkpoint's pickle holds and checks its tensors against their storages. */
final class TorchStateDict {
    private static final String ADVICE =
            "save the model's state_dict() again, with contiguous tensors, or convert the model to safetensors";

    private final Path file;
    private final PickledDict dict;

    private TorchStateDict(Path file, PickledDict dict) {
        this.file = file;
        this.dict = dict;
    }

    /** Says where the bytes of a storage are. */
    @FunctionalInterface
    interface StorageLocator {

        /**
         * @return position of the first byte in the file, which has all bytes of the storage from there
         * @throws InvalidModelException if the file does not have them
         */
        long position(TorchStorage storage) throws InvalidModelException;
    }

    /**
     * A tensor and the position of its first byte in the file.
     */
    record StoredTensor(TensorInfo info, long position) {}

    /**
     * Finds the state dict: the root if it is a dict that has tensors, else the one dict under it that has. Whatever else is
     * under the root is passed over.
     *
     * @param pickle what the pickle is in the file, for messages
     * @param root what the pickle holds
     * @throws InvalidModelException if there is not exactly one state dict
     */
    static TorchStateDict find(Path file, String pickle, Object root) throws InvalidModelException {
        String expected = "one state dict: a dict of names and tensors";
        if (!(root instanceof PickledDict dict)) {
            throw new InvalidModelException(file, pickle, PickledDict.describe(root), expected, ADVICE);
        }
        if (dict.hasTensors()) {
            return new TorchStateDict(file, dict);
        }
        List<String> names = new ArrayList<>();
        PickledDict found = null;
        for (Map.Entry<Object, Object> entry : dict.entries().entrySet()) {
            if (entry.getValue() instanceof PickledDict nested && nested.hasTensors()) {
                names.add(entry.getKey().toString());
                found = nested;
            }
        }
        if (names.size() != 1) {
            String several = quoted(String.join("', '", names.subList(0, Math.min(names.size(), 5))));
            String what = names.isEmpty() ? "no tensors" : names.size() + " dicts of tensors: " + several;
            throw new InvalidModelException(file, pickle, what, expected, ADVICE);
        }
        return new TorchStateDict(file, found);
    }

    /**
     * The tensors. Beside them a state dict may have None, booleans, numbers and strings, which are passed over.
     *
     * @return in the order of their bytes
     * @throws InvalidModelException if a tensor is wrong, or there is another value
     */
    List<StoredTensor> tensors(StorageLocator locator) throws InvalidModelException {
        List<StoredTensor> tensors = new ArrayList<>();
        for (Map.Entry<Object, Object> entry : dict.entries().entrySet()) {
            Object value = entry.getValue();
            if (value instanceof RebuiltTensor tensor && entry.getKey() instanceof String name) {
                tensors.add(stored(name, tensor, locator));
            } else if (!isScalar(value)) {
                String subject = "entry " + quoted(entry.getKey().toString());
                throw invalid(subject, PickledDict.describe(value), "a tensor under a name, or a plain value");
            }
        }
        // The sort is stable, so tensors that share their bytes keep the pickle's order.
        tensors.sort(Comparator.comparingLong(StoredTensor::position));
        return tensors;
    }

    private static boolean isScalar(Object value) {
        return value == null || value instanceof Boolean || value instanceof Number || value instanceof String;
    }

    private StoredTensor stored(String name, RebuiltTensor tensor, StorageLocator locator)
            throws InvalidModelException {
        if (!(tensor.storage() instanceof TorchStorage storage)) {
            throw invalid(subject(name, "storage"), PickledDict.describe(tensor.storage()), "a storage");
        }
        List<Long> shape = RebuiltTensor.naturals(tensor.size());
        if (shape == null) {
            throw notNaturals(name, "shape", tensor.size());
        }
        List<Long> stride = RebuiltTensor.naturals(tensor.stride());
        if (stride == null) {
            throw notNaturals(name, "stride", tensor.stride());
        }
        if (tensor.metadata() != null
                && !(tensor.metadata() instanceof PickledDict dict
                        && dict.entries().isEmpty())) {
            throw invalid(subject(name, "metadata"), PickledDict.describe(tensor.metadata()), "none: plain values");
        }
        TensorInfo info = info(name, storage.dtype(), shape);
        checkRowMajor(info, stride);
        long offset = RebuiltTensor.natural(tensor.storageOffset());
        if (offset < 0) {
            throw invalid(
                    subject(name, "storage offset"),
                    PickledDict.describe(tensor.storageOffset()),
                    "an integer, 0 or more");
        }
        if (offset > storage.numel() || info.elementCount() > storage.numel() - offset) {
            throw invalid(
                    subject(name, "shape"),
                    shape + " from element " + offset,
                    "no more than the " + storage.numel() + " elements of storage " + quoted(storage.key()));
        }
        return new StoredTensor(
                info, position(name, storage, locator) + storage.dtype().byteCount(offset));
    }

    private long position(String name, TorchStorage storage, StorageLocator locator) throws InvalidModelException {
        try {
            return locator.position(storage);
        } catch (InvalidModelException e) {
            throw new InvalidModelException(file, subject(name, e.subject()), e.found(), e.expected(), e.advice(), e);
        }
    }

    private TensorInfo info(String name, DType dtype, List<Long> shape) throws InvalidModelException {
        try {
            return new TensorInfo(name, dtype, shape);
        } catch (IllegalArgumentException e) {
            throw new InvalidModelException(
                    file, subject(name, "shape"), shape + " of " + dtype, "at most 2^63 - 1 bytes", ADVICE, e);
        }
    }

    /** A dimension of size 1 is never stepped along, and a tensor without elements not at all, so their strides are free. */
    private void checkRowMajor(TensorInfo tensor, List<Long> stride) throws InvalidModelException {
        List<Long> shape = tensor.shape();
        boolean rowMajor = stride.size() == shape.size();
        long expected = 1;
        for (int d = shape.size() - 1; rowMajor && d >= 0 && tensor.elementCount() > 0; d--) {
            rowMajor = shape.get(d) == 1 || stride.get(d) == expected;
            expected *= shape.get(d);
        }
        if (!rowMajor) {
            throw invalid(
                    subject(tensor.name(), "stride"),
                    stride + " for shape " + shape,
                    "that of values in a row, the last dimension fastest");
        }
    }

    private static String subject(String tensor, String field) {
        return "tensor " + quoted(tensor) + ", " + field;
    }

    private InvalidModelException notNaturals(String name, String field, Object found) {
        boolean tuple = found instanceof Object[];
        return invalid(
                subject(name, field),
                tuple ? "a tuple of other values" : PickledDict.describe(found),
                "a tuple of at most " + RebuiltTensor.MAX_DIMENSIONS + " integers that are 0 or more");
    }

    private InvalidModelException invalid(String subject, String found, String expected) {
        return new InvalidModelException(file, subject, found, expected, ADVICE);
    }
}
