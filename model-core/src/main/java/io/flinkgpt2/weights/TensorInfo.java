package io.flinkgpt2.weights;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A file's entry for one tensor, whose values are stored row-major.
 *
 * @param name the name in the file
 * @param dtype the stored type of the elements
 * @param shape sizes of the dimensions, outermost first, each 0 or more; empty for a scalar
 */
public record TensorInfo(String name, DType dtype, List<Long> shape) {

    /**
     * @throws IllegalArgumentException if a dimension is negative, or if the size in bytes exceeds a long or is not whole
     */
    public TensorInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dtype, "dtype");
        shape = List.copyOf(shape);
        for (long size : shape) {
            if (size < 0) {
                throw new IllegalArgumentException("tensor " + InvalidModelException.quoted(name) + ": found shape "
                        + shape + ", expected sizes of 0 or more");
            }
        }
        try {
            long unused = dtype.byteCount(product(shape));
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    "tensor " + InvalidModelException.quoted(name) + ": found shape " + shape + " of " + dtype
                            + ", expected whole bytes and at most 2^63 - 1 of them",
                    e);
        }
    }

    /** Returns a tensor of the given shape; see the record's constructor. */
    public static TensorInfo of(String name, DType dtype, long... shape) {
        return new TensorInfo(name, dtype, Arrays.stream(shape).boxed().toList());
    }

    /** Returns the number of elements: the product of the shape, 1 for a scalar. */
    public long elementCount() {
        return product(shape);
    }

    /** Size of the stored elements in bytes. */
    public long byteCount() {
        return dtype.byteCount(elementCount());
    }

    /** Returns the product of the sizes; 0 if one is 0, whatever the others are. */
    private static long product(List<Long> shape) {
        if (shape.contains(0L)) {
            return 0;
        }
        long product = 1;
        for (long size : shape) {
            product = Math.multiplyExact(product, size);
        }
        return product;
    }
}
