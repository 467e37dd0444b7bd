package io.flinkgpt2.weights;

import static io.flinkgpt2.weights.InvalidModelException.quoted;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the state dict in what a checkpoint's pickle holds and checks its tensors against their storages. */
final class TorchStateDict {
    private static final String ADVICE = "save the model's state_dict() again, or convert the model to safetensors";

    private final Path file;
    private final long fileBytes;
    private final PickledDict dict;
    private final Optional<PickledDict> modelArguments;

    private TorchStateDict(Path file, long fileBytes, PickledDict dict, Optional<PickledDict> modelArguments) {
        this.file = file;
        this.fileBytes = fileBytes;
        this.dict = dict;
        this.modelArguments = modelArguments;
    }

    /**
     * The checked content of a checkpoint.
     *
     * @param tensors in the order of their bytes
     * @param modelArguments what nanoGPT saves beside a state dict as {@code model_args}; empty if it is not there
     */
    record Contents(List<StridedTensor> tensors, Optional<PickledDict> modelArguments) {}

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
     * Finds the state dict: the root if it is a dict that has tensors, else the one dict under it that has. Whatever else is
     * under the root is passed over, but for the arguments of a nanoGPT model. Tensors without dimensions, such as the loss
     * beside a model, make no state dict.
     *
     * @param pickle name of the pickle in the file, for messages
     * @param root content of the pickle
     * @param fileBytes size of the whole file
     * @throws InvalidModelException if there is not exactly one state dict
     */
    static TorchStateDict find(Path file, String pickle, Object root, long fileBytes) throws InvalidModelException {
        String expected = "one state dict: a dict of names and tensors";
        if (!(root instanceof PickledDict dict)) {
            throw new InvalidModelException(file, pickle, PickledDict.describe(root), expected, ADVICE);
        }
        if (dict.hasTensors()) {
            return new TorchStateDict(file, fileBytes, dict, Optional.empty());
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
        Optional<PickledDict> modelArguments = dict.get(NanoGptCheckpoint.ARGUMENTS) instanceof PickledDict args
                ? Optional.of(args)
                : Optional.empty();
        return new TorchStateDict(file, fileBytes, found, modelArguments);
    }

    /**
     * Returns the tensors and what tells of their model. Beside them a state dict may have None, booleans, numbers and strings,
     * which are passed over.
     *
     * @throws InvalidModelException if a tensor is wrong, or there is another value
     */
    Contents contents(StorageLocator locator) throws InvalidModelException {
        List<StridedTensor> tensors = new ArrayList<>();
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
        tensors.sort(Comparator.comparingLong(StridedTensor::position));
        return new Contents(tensors, modelArguments);
    }

    private static boolean isScalar(Object value) {
        return value == null || value instanceof Boolean || value instanceof Number || value instanceof String;
    }

    private StridedTensor stored(String name, RebuiltTensor tensor, StorageLocator locator)
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
        if (stride.size() != shape.size()) {
            throw invalid(
                    subject(name, "stride"), stride + " for shape " + shape, "a step for each dimension of the shape");
        }
        long offset = RebuiltTensor.natural(tensor.storageOffset());
        if (offset < 0) {
            throw invalid(
                    subject(name, "storage offset"),
                    PickledDict.describe(tensor.storageOffset()),
                    "an integer, 0 or more");
        }
        StridedTensor view = new StridedTensor(info, 0, stride);
        checkWithin(storage, offset, view);
        long position = position(name, storage, locator) + storage.dtype().byteCount(offset);
        return new StridedTensor(info, position, stride);
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

    /** Checks that a view lies in its storage, and that it repeats no more than can be held. */
    private void checkWithin(TorchStorage storage, long offset, StridedTensor view) throws InvalidModelException {
        long span = span(view);
        if (offset > storage.numel() || span > storage.numel() - offset) {
            String strides = view.isRowMajor() ? "" : " and stride " + view.stride();
            throw invalid(
                    subject(view.info().name(), "shape"),
                    view.info().shape() + strides + " from element " + offset,
                    "no more than the " + storage.numel() + " elements of storage " + quoted(storage.key()));
        }
        // An expanded tensor repeats its elements: what memory it asks for has to be bounded by the file all the same.
        if (view.info().elementCount() > span && view.info().byteCount() > fileBytes) {
            throw invalid(
                    subject(view.info().name(), "stride"),
                    view.stride() + " for shape " + view.info().shape() + ", which repeats elements up to "
                            + view.info().byteCount() + " bytes",
                    "no more bytes than the file has");
        }
    }

    /** As {@link StridedTensor#span}; the largest long where it is more than that. */
    private static long span(StridedTensor view) {
        try {
            return view.span();
        } catch (ArithmeticException e) {
            return Long.MAX_VALUE;
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
