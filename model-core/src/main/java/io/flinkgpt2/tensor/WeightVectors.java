package io.flinkgpt2.tensor;

import static io.flinkgpt2.tensor.VectorKernels.SPECIES;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Loads of stored weights as vectors of float32: what differs between the tiles of one precision and another. Each has less
 * than 35 bytes of code, so that HotSpot always inlines it.
 */
final class WeightVectors {

    private static final VectorSpecies<Integer> INTS = VectorSpecies.of(int.class, SPECIES.vectorShape());
    /** As many shorts as a vector has floats. */
    private static final VectorSpecies<Short> SHORTS =
            VectorSpecies.of(short.class, VectorShape.forBitSize(SPECIES.vectorBitSize() / 2));
    /** As many bytes as a vector has floats, but no vector is shorter than 8 bytes: of those, four are used then. */
    private static final VectorSpecies<Byte> BYTES =
            VectorSpecies.of(byte.class, VectorShape.forBitSize(Math.max(64, SPECIES.vectorBitSize() / 4)));

    private WeightVectors() {}

    /** Loads float32 weights. */
    static FloatVector load(float[] w, int at) {
        return FloatVector.fromArray(SPECIES, w, at);
    }

    /** Loads bfloat16 weights. Each is the upper half of a float32: widened to an int and shifted up, it is that float32. */
    static FloatVector load(short[] w, int at) {
        return ShortVector.fromArray(SHORTS, w, at)
                .convertShape(VectorOperators.S2I, INTS, 0)
                .lanewise(VectorOperators.LSHL, 16)
                .reinterpretAsFloats();
    }

    /** Loads int8 weights as floats, without their scales. */
    static FloatVector load(byte[] w, int at) {
        return (FloatVector) ByteVector.fromArray(BYTES, w, at).castShape(SPECIES, 0);
    }
}
