package io.flinkgpt2.validation;

import java.util.ArrayList;
import java.util.List;

/**
 * Values that a forward pass computed.
 *
 * @param values row-major
 */
@SuppressWarnings("ArrayRecordComponent") // never compared or hashed
record Tensor(List<Integer> shape, float[] values) {

    List<Number> firstValues() {
        List<Number> first = new ArrayList<>();
        for (int i = 0; i < Math.min(CheckResult.SHOWN, values.length); i++) {
            first.add(values[i]);
        }
        return first;
    }
}
