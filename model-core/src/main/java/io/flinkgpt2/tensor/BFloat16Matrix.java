package io.flinkgpt2.tensor;

/** A packed matrix of bfloat16 values: half the memory and the traffic of float32, with 8 bits of significand. */
final class BFloat16Matrix extends PackedMatrix {

    /** The largest finite bfloat16. */
    private static final short MAX_VALUE = 0x7f7f;

    private final short[] panels;

    BFloat16Matrix(Float32Matrix source) {
        super(source.inputs(), source.outputs());
        float[] values = source.panels();
        panels = new short[values.length];
        for (int i = 0; i < values.length; i++) {
            panels[i] = round(values[i]);
        }
    }

    /**
     * Returns the bfloat16 nearest to a finite value, of two equally near the even one; of a value beyond the largest, the
     * largest, for weights stay finite.
     */
    static short round(float value) {
        int bits = Float.floatToRawIntBits(value);
        int rounded = (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
        boolean overflow = (rounded & 0x7fff) > MAX_VALUE;
        return (short) (overflow ? (rounded & 0x8000) | MAX_VALUE : rounded);
    }

    @Override
    public Precision precision() {
        return Precision.BF16;
    }

    @Override
    public long byteSize() {
        return 2L * panels.length;
    }

    /** Returns the panels themselves, {@code [panel][input][32]}; for kernels, which only read them. */
    short[] panels() {
        return panels;
    }

    @Override
    float element(int input, int output) {
        return Float.intBitsToFloat(panels[index(input, output)] << 16);
    }
}
