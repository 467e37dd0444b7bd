package io.flinkgpt2.tensor;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * The matrix product: vector kernels, scalar kernels, and the triple loop of a textbook, beside the peak of fused
 * multiply-adds on this core. {@code gflops} counts two operations for each product.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@State(Scope.Thread)
public class ProductBenchmark {

    /** A product's operands. */
    @State(Scope.Thread)
    public static class Operands {
        @Param({"1", "8", "32", "128"})
        int rows;

        @Param({"768x3072"})
        String shape;

        @Param({"F32", "BF16", "INT8"})
        Precision precision;

        int inputs;
        int outputs;
        int stride;
        PackedMatrix packed;
        float[] plain;
        float[] x;
        PackedRows rowsOfX;
        float[] bias;
        Epilogue epilogue;
        float[] out;

        @Setup
        public void setUp() {
            inputs = Integer.parseInt(shape.split("x")[0]);
            outputs = Integer.parseInt(shape.split("x")[1]);
            stride = PackedMatrix.padded(outputs);
            plain = KernelInputs.random(1, inputs * outputs);
            Float32Matrix source = new Float32Matrix(inputs, outputs);
            source.putInputMajor(plain, plain.length, 0);
            packed = new ScalarProduct().pack(source, precision);
            x = KernelInputs.random(2, rows * inputs);
            rowsOfX = PackedRows.of(x, inputs, rows, inputs);
            bias = KernelInputs.random(3, stride);
            epilogue = new Epilogue(Kernels.best()).of(bias);
            out = new float[rows * stride];
        }
    }

    /** Floating-point operations, reported by the second. */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rate {
        public double gflops;

        void add(double operations) {
            gflops += operations * 1e-9;
        }
    }

    private final MatrixProduct scalar = new ScalarProduct();
    private final MatrixProduct vector = new VectorProduct();

    @State(Scope.Thread)
    public static class Peak {
        float[] out = new float[16 * 16];
    }

    @Benchmark
    public void vector(Operands o, Rate rate) {
        vector.multiply(o.out, o.stride, o.rowsOfX, o.packed, o.epilogue);
        rate.add(2.0 * o.rows * o.inputs * o.outputs);
    }

    @Benchmark
    public void scalar(Operands o, Rate rate) {
        scalar.multiply(o.out, o.stride, o.rowsOfX, o.packed, o.epilogue);
        rate.add(2.0 * o.rows * o.inputs * o.outputs);
    }

    /** As a textbook has it: a dot product for each output, over the row-major source. */
    @Benchmark
    public void tripleLoop(Operands o, Rate rate) {
        for (int r = 0; r < o.rows; r++) {
            for (int c = 0; c < o.outputs; c++) {
                float sum = o.bias[c];
                for (int i = 0; i < o.inputs; i++) {
                    sum += o.x[r * o.inputs + i] * o.plain[i * o.outputs + c];
                }
                o.out[r * o.stride + c] = sum;
            }
        }
        rate.add(2.0 * o.rows * o.inputs * o.outputs);
    }

    /** Sixteen independent chains of fused multiply-adds in registers: what no kernel can pass. */
    @Benchmark
    public void fmaPeak(Peak peak, Rate rate) {
        rate.add(FmaPeak.run(peak.out, 1_000_000));
    }
}
