package io.flinkgpt2.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * No kernel allocates in its loops once it is compiled. A vector that HotSpot cannot keep in a register becomes an object on the
 * heap and makes a kernel ten times slower; this sees it. What it lets pass: HotSpot does not always inline the end of a
 * reduction, from compilation to compilation, and then makes an object of each of its few vectors, once a call.
 */
class KernelAllocationTest {

    /** Enough for HotSpot to have compiled everything. */
    private static final int WARM_UP = 30_000;

    /** A busy machine compiles late. */
    private static final int ATTEMPTS = 200;

    private static final int CALLS = 1_000;
    /** Bytes of the four vectors of a reduction as objects; a loop over the sizes below makes many more. */
    private static final int FEW_VECTORS = 4 * 96;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Map<String, Runnable> kernels = new LinkedHashMap<>();

    KernelAllocationTest() {
        Kernels vector = new VectorKernels();
        int stride = 384;
        float[] x = KernelCases.random(1, 8 * stride, 1);
        float[] out = new float[8 * stride];
        float[] weight = KernelCases.random(2, stride, 1);
        float[] bias = KernelCases.random(3, stride, 1);
        float[] scratch = new float[16 * 64 + 64];
        for (int n : new int[] {384, 240, 120}) {
            float[] scores = KernelCases.random(4, stride, 1);
            kernels.put("layer norm of " + n, () -> vector.layerNorm(out, x, stride, 1, n, weight, bias, 1e-5f));
            kernels.put("softmax of " + n, () -> vector.softmax(scores, 0, n));
            kernels.put("add " + n, () -> vector.add(out, stride, x, stride, 1, 0, n));
            kernels.put("arg max of " + n, () -> vector.argMax(x, 0, n));
            kernels.put("exponentials of " + n, () -> vector.exponentials(out, x, 0, n, 1f, 1.5f));
            for (Activation activation : Activation.values()) {
                kernels.put(activation + " of " + n, () -> vector.activate(activation, out, stride, 1, 0, n, scratch));
            }
        }
        float[] logits = KernelCases.random(6, 50_257, 1);
        kernels.put("arg max of a vocabulary", () -> vector.argMax(logits, 0, logits.length));
        Float32Matrix w = KernelCases.randomMatrix(128, stride);
        float[] sums = new float[24 * stride];
        float[] inputs = KernelCases.random(7, 24 * 128, 1);
        Epilogue epilogue = new Epilogue(vector).of(bias);
        for (Precision precision : Precision.values()) {
            PackedMatrix stored = KernelCases.pack(w, precision);
            for (int rows : new int[] {1, 2, 3, 4, 8, 12, 24}) {
                PackedRows packed = PackedRows.of(inputs, 128, rows, 128);
                kernels.put(
                        "multiply " + rows + " rows by " + precision,
                        () -> vector.product().multiply(sums, stride, packed, stored, epilogue));
                kernels.put("pack " + rows + " rows", () -> packed.pack(inputs, 128, rows, 128));
            }
        }
        for (int headSize : new int[] {12, 28, 64}) {
            float[] block = KernelCases.random(5, headSize * 64, 1);
            float[][] blocks = {block, block, block, block, block, block, block, block};
            float[] scores = new float[8 * 64];
            float[] head = new float[headSize];
            for (int closed : new int[] {500, 496}) {
                KvView kv = new KvView(1, headSize);
                kernels.put("scores of head size " + headSize + ", closed to " + closed, () -> {
                    kv.set(blocks, 0, 0, 500, closed);
                    vector.attentionScores(scores, 512, weight, 0, kv, 0, 1, 0.1f, scratch);
                });
            }
            KvView kv = new KvView(1, headSize);
            kernels.put("values of head size " + headSize, () -> {
                kv.set(blocks, 0, 0, 500, 500);
                vector.weightedValues(head, 0, scores, 512, kv, 0, 1);
            });
        }
    }

    @Test
    void noVectorKernelAllocatesInItsLoopsOnceItIsCompiled() {
        kernels.forEach((name, kernel) -> {
            // HotSpot compiles in the background: what counts is that it comes to rest without allocating.
            long bytes = Long.MAX_VALUE;
            for (int attempt = 0; attempt < ATTEMPTS && bytes > FEW_VECTORS * CALLS; attempt++) {
                allocated(kernel, WARM_UP);
                bytes = allocated(kernel, CALLS);
            }
            assertThat(bytes / (double) CALLS)
                    .as("bytes for each call: %s", name)
                    .isLessThanOrEqualTo(FEW_VECTORS);
        });
    }

    private long allocated(Runnable kernel, int calls) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < calls; i++) {
            kernel.run();
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
