package io.flinkgpt2.tensor;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Every kernel but the matrix product ({@link ProductBenchmark}), as a step of gpt2 calls it: the vector twin beside the
 * scalar one.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class KernelBenchmark {

    private static final int ROWS = 32;
    private static final int EMBEDDING = 768;
    private static final int INNER = 4 * EMBEDDING;
    private static final int HEADS = 12;
    private static final int HEAD_SIZE = 64;
    private static final int BLOCKS = 8;
    private static final int POSITIONS = BLOCKS * KvView.BLOCK_POSITIONS;
    private static final int VOCABULARY = 50257;
    private static final int PADDED_VOCABULARY = (VOCABULARY + 63) / 64 * 64;
    private static final float EPSILON = 1e-5f;

    /** Which twin. */
    public enum Twin {
        SCALAR,
        VECTOR;

        Kernels kernels() {
            return this == SCALAR ? new ScalarKernels() : new VectorKernels();
        }
    }

    @Param({"SCALAR", "VECTOR"})
    Twin twin;

    private Kernels kernels;
    private final float[] x = KernelInputs.random(1, ROWS * INNER);
    private final float[] y = KernelInputs.random(2, ROWS * INNER);
    private final float[] out = new float[ROWS * INNER];
    private final float[] weight = KernelInputs.random(3, INNER);
    private final float[] bias = KernelInputs.random(4, INNER);
    private final float[] scratch = new float[INNER];
    private final float[][] blocks = new float[BLOCKS][];
    private final KvView kv = new KvView(HEADS, HEAD_SIZE);
    private final float[] scores = new float[HEADS * POSITIONS];
    private final float[] logits = KernelInputs.random(6, PADDED_VOCABULARY);
    private final float[] probabilities = new float[PADDED_VOCABULARY];

    @Setup
    public void choose() {
        kernels = twin.kernels();
        for (int b = 0; b < BLOCKS; b++) {
            blocks[b] = KernelInputs.random(7 + b, HEADS * HEAD_SIZE * KvView.BLOCK_POSITIONS);
        }
    }

    @Benchmark
    public float[] layerNorm() {
        kernels.layerNorm(out, x, EMBEDDING, ROWS, EMBEDDING, weight, bias, EPSILON);
        return out;
    }

    @Benchmark
    public float[] add() {
        kernels.add(out, EMBEDDING, y, EMBEDDING, ROWS, 0, EMBEDDING);
        return out;
    }

    /** In place on a copy, whose time is part of it: repeated on its own output it would fade to zero. */
    @Benchmark
    public float[] activateTanhGelu() {
        System.arraycopy(x, 0, out, 0, ROWS * INNER);
        kernels.activate(Activation.GELU_TANH, out, INNER, ROWS, 0, INNER, scratch);
        return out;
    }

    @Benchmark
    public float[] activateExactGelu() {
        System.arraycopy(x, 0, out, 0, ROWS * INNER);
        kernels.activate(Activation.GELU, out, INNER, ROWS, 0, INNER, scratch);
        return out;
    }

    /** One row against whole blocks, 1.5 MiB: more than the innermost caches of most processors. */
    @Benchmark
    public float[] attentionScores() {
        kv.set(blocks, 0, 0, POSITIONS, POSITIONS);
        kernels.attentionScores(scores, POSITIONS, x, 0, kv, 0, HEADS, 0.125f, scratch);
        return scores;
    }

    /** The positions of an open stripe alone. */
    @Benchmark
    public float[] attentionScoresOpenStripe() {
        kv.set(blocks, 0, 0, 13, 0);
        kernels.attentionScores(scores, POSITIONS, x, 0, kv, 0, HEADS, 0.125f, scratch);
        return scores;
    }

    @Benchmark
    public float[] addWeightedValues() {
        kv.set(blocks, 0, 0, POSITIONS, POSITIONS);
        kernels.weightedValues(out, 0, y, POSITIONS, kv, 0, HEADS);
        return out;
    }

    @Benchmark
    public float[] softmax() {
        System.arraycopy(x, 0, out, 0, 1024);
        kernels.softmax(out, 0, 1024);
        return out;
    }

    @Benchmark
    public int argMax() {
        return kernels.argMax(logits, 0, VOCABULARY);
    }

    @Benchmark
    public float[] exponentials() {
        kernels.exponentials(probabilities, logits, 0, VOCABULARY, 1, 1);
        return probabilities;
    }
}
