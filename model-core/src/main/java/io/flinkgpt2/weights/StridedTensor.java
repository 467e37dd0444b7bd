package io.flinkgpt2.weights;

import java.util.List;

/**
 * A tensor as a view of a row of elements: element {@code (i, j, ...)} lies {@code i * stride[0] + j * stride[1] + ...}
 * elements behind the first. A transposed matrix, for one, has its strides swapped.
 *
 * @param info name, type and shape
 * @param position position of the first element's first byte in the file
 * @param stride step of each dimension in elements, 0 or more each, as many as the shape has dimensions
 */
record StridedTensor(TensorInfo info, long position, List<Long> stride) {

    StridedTensor {
        stride = List.copyOf(stride);
    }

    /**
     * Returns whether the elements lie in a row, the last dimension fastest. A dimension of size 1 is never stepped along, and
     * a tensor without elements not at all, so their strides are free.
     */
    boolean isRowMajor() {
        List<Long> shape = info.shape();
        long expected = 1;
        for (int d = shape.size() - 1; d >= 0 && info.elementCount() > 0; d--) {
            if (shape.get(d) != 1 && stride.get(d) != expected) {
                return false;
            }
            expected *= shape.get(d);
        }
        return true;
    }

    /**
     * Elements from the first to the last, both and those between them counted; 0 if there are none.
     *
     * @throws ArithmeticException if they are more than a long holds
     */
    long span() {
        if (info.elementCount() == 0) {
            return 0;
        }
        long last = 0;
        for (int d = 0; d < stride.size(); d++) {
            last = Math.addExact(last, Math.multiplyExact(info.shape().get(d) - 1, stride.get(d)));
        }
        return Math.addExact(last, 1);
    }
}
