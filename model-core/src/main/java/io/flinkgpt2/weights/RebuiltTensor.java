package io.flinkgpt2.weights;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The arguments that a pickle passes to {@code torch._utils._rebuild_tensor_v2}: storage, storage offset, size, stride,
 * requires_grad, backward_hooks and, in later versions, metadata. {@link TorchStateDict} checks them, when the tensor's name is
 * known.
 *
 * @param arguments at least the first four, of any type
 */
record RebuiltTensor(List<Object> arguments) {
    /** Most dimensions; PyTorch itself stops at 64. */
    static final int MAX_DIMENSIONS = 64;

    Object storage() {
        return arguments.get(0);
    }

    Object storageOffset() {
        return arguments.get(1);
    }

    Object size() {
        return arguments.get(2);
    }

    Object stride() {
        return arguments.get(3);
    }

    /** Marks such as "negated", which change the values; null where the pickle gives none. */
    Object metadata() {
        return arguments.size() > 6 ? arguments.get(6) : null;
    }

    /** Returns whether it has no dimensions. */
    boolean isScalar() {
        return size() instanceof Object[] sizes && sizes.length == 0;
    }

    /** Returns a tuple of integers that are 0 or more, at most {@link #MAX_DIMENSIONS}; null if it is not. */
    static List<Long> naturals(Object tuple) {
        if (!(tuple instanceof Object[] items) || items.length > MAX_DIMENSIONS) {
            return null;
        }
        List<Long> naturals = new ArrayList<>(items.length);
        for (Object item : items) {
            long natural = natural(item);
            if (natural < 0) {
                return null;
            }
            naturals.add(natural);
        }
        return Collections.unmodifiableList(naturals);
    }

    /** Returns an integer that is 0 or more; -1 if it is not. */
    static long natural(Object item) {
        boolean integer = item instanceof Integer || item instanceof Long;
        return integer ? Math.max(-1, ((Number) item).longValue()) : -1;
    }
}
