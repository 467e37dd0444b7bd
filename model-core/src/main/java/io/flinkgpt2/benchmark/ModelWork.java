package io.flinkgpt2.benchmark;

import io.flinkgpt2.model.Gpt2Weights;
import io.flinkgpt2.tensor.PackedMatrix;
import java.util.List;
import java.util.stream.Stream;

/**
 * The arithmetic and the memory of a model's matrix products, by which a throughput becomes a share of the machine's limits.
 *
 * @param blockParameters elements of the matrices that each row is multiplied with
 * @param headParameters elements of the LM head, with which only rows that sample are multiplied
 * @param matrixBytes bytes of all of them as they are kept in memory: what a step reads, but for keys and values
 */
public record ModelWork(long blockParameters, long headParameters, long matrixBytes) {

    public static ModelWork of(Gpt2Weights weights) {
        List<PackedMatrix> matrices = weights.blocks().stream()
                .flatMap(block -> Stream.of(
                        block.attention(),
                        block.attentionProjection(),
                        block.feedForward(),
                        block.feedForwardProjection()))
                .map(Gpt2Weights.Linear::weight)
                .toList();
        return new ModelWork(
                matrices.stream().mapToLong(ModelWork::elements).sum(),
                elements(weights.lmHead()),
                matrices.stream().mapToLong(PackedMatrix::byteSize).sum()
                        + weights.lmHead().byteSize());
    }

    private static long elements(PackedMatrix matrix) {
        return (long) matrix.inputs() * matrix.outputs();
    }

    /** Floating-point operations of the products: a multiplication and an addition for each parameter and row. */
    public double operations(long rows, long sampledRows) {
        return 2.0 * ((double) rows * blockParameters + (double) sampledRows * headParameters);
    }
}
