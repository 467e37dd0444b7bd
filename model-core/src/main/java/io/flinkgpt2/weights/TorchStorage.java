package io.flinkgpt2.weights;

import net.razorvine.pickle.PickleException;

/**
 * A storage that a checkpoint's pickle refers to by a persistent id: elements of one type in a row, of which one tensor or
 * several are views. The id is the tuple {@code ('storage', type, key, location, numel)}, in the older form with the metadata
 * of a view as sixth item, which today is always None. The location, such as {@code cpu} or {@code cuda:0}, is
 * where the storage was when it was saved, and has no meaning here.
 *
 * @param key names the bytes in the file
 * @param dtype type of the elements
 * @param numel number of elements, 0 or more; their bytes fit in a long
 */
record TorchStorage(String key, DType dtype, long numel) {

    /** Size in bytes. */
    long byteCount() {
        return dtype.byteCount(numel);
    }

    /**
     * @throws PickleException if the id is not such a tuple
     */
    static TorchStorage of(Object persistentId) {
        if (!(persistentId instanceof Object[] id)
                || id.length < 5
                || id.length > 6
                || !"storage".equals(id[0])
                || !(id[1] instanceof TorchGlobals.StorageType type)
                || !(id[2] instanceof String key)
                || !(id[3] instanceof String)) {
            throw new PickleException("a persistent id that is not ('storage', type, key, location, numel)");
        }
        String subject = "storage " + InvalidModelException.quoted(key);
        if (id.length == 6 && id[5] != null) {
            throw new PickleException(subject + " as a view of another storage, which torch.save no longer writes");
        }
        if (!(id[4] instanceof Integer || id[4] instanceof Long)) {
            throw new PickleException(subject + " with " + PickledDict.describe(id[4]) + " as its numel");
        }
        long numel = ((Number) id[4]).longValue();
        if (numel < 0 || numel > Long.MAX_VALUE / type.dtype().blockBytes()) {
            throw new PickleException(subject + " of numel " + numel);
        }
        return new TorchStorage(key, type.dtype(), numel);
    }
}
