package io.flinkgpt2.weights;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.PickleException;

/**
 * A dict of a pickle, in the order of its entries. Its keys are strings and integers only, whose hash is cheap and certain
 * to end: that of a list which contains itself is not.
 */
final class PickledDict {
    private final Map<Object, Object> entries = new LinkedHashMap<>(0);

    /**
     * Adds an entry.
     *
     * @param value of any type; null for None
     * @throws PickleException if the key is there already or is of another type
     */
    void put(Object key, Object value) {
        if (!(key instanceof String || key instanceof Integer || key instanceof Long)) {
            throw new PickleException(describe(key) + " as a key");
        }
        if (entries.containsKey(key)) {
            throw new PickleException("the key " + InvalidModelException.quoted(key.toString()) + " twice");
        }
        entries.put(key, value);
    }

    /** Returns the value under a key; null if there is none, or if it is None. */
    Object get(String key) {
        return entries.get(key);
    }

    /** Returns all entries, in their order; unmodifiable. */
    Map<Object, Object> entries() {
        return Collections.unmodifiableMap(entries);
    }

    /** Returns whether a value is a tensor of one dimension or more. */
    boolean hasTensors() {
        return entries.values().stream().anyMatch(value -> value instanceof RebuiltTensor tensor && !tensor.isScalar());
    }

    /**
     * Returns a value of a pickle in words for a message; never looks into a container, which may be deep or contain itself.
     */
    static String describe(Object value) {
        if (value == null) {
            return "None";
        } else if (value instanceof String text) {
            return "the string " + InvalidModelException.quoted(text);
        } else if (value instanceof Boolean
                || value instanceof Integer
                || value instanceof Long
                || value instanceof Double) {
            return "the value " + value;
        } else if (value instanceof Number) {
            return "an integer of more than 64 bits";
        } else if (value instanceof Object[]) {
            return "a tuple";
        } else if (value instanceof List) {
            return "a list";
        } else if (value instanceof PickledDict) {
            return "a dict";
        } else if (value instanceof RebuiltTensor) {
            return "a tensor";
        } else if (value instanceof TorchStorage) {
            return "a storage";
        } else if (value instanceof TorchGlobals.Global) {
            return "a class or function";
        }
        return "an unfinished value";
    }
}
