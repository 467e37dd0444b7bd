package io.flinkgpt2.generation;

import io.flinkgpt2.model.DelegatingKernels;
import io.flinkgpt2.tensor.Kernels;
import java.util.ArrayList;
import java.util.List;

/** Notes the bits of all logits that are sampled from, so that even those count that change no token. */
final class RecordingKernels extends DelegatingKernels {

    private final List<Long> logits = new ArrayList<>();

    RecordingKernels(Kernels kernels) {
        super(kernels);
    }

    @Override
    public int argMax(float[] x, int offset, int n) {
        long hash = 1;
        for (int i = 0; i < n; i++) {
            hash = hash * 0x9E3779B97F4A7C15L + Float.floatToRawIntBits(x[offset + i]);
            hash ^= hash >>> 29;
        }
        logits.add(hash);
        return super.argMax(x, offset, n);
    }

    /** Hashes of the logits since the last call. */
    List<Long> take() {
        List<Long> taken = List.copyOf(logits);
        logits.clear();
        return taken;
    }
}
