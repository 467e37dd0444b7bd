package io.flinkgpt2.tensor;

/**
 * A packed matrix of float32 values.
 *
 * <p>Packing happens once, while a weights file streams by: {@link #putInputMajor} and {@link #putOutputMajor} take
 * any piece of the row-major source, and pieces that do not overlap may come from several threads.
 */
public final class Float32Matrix extends PackedMatrix {

    private final float[] panels;

    /**
     * Creates an all-zero matrix, to be filled.
     *
     * @param inputs number of input values, 1 or more
     * @param outputs number of output columns, 1 or more
     * @throws IllegalArgumentException if a size is below 1 or the panels do not fit one Java array
     */
    public Float32Matrix(int inputs, int outputs) {
        super(inputs, outputs);
        this.panels = new float[(int) packedSize(inputs, outputs)];
    }

    @Override
    public Precision precision() {
        return Precision.F32;
    }

    @Override
    public long byteSize() {
        return 4L * panels.length;
    }

    /** Returns the panels themselves, {@code [panel][input][32]}; for kernels, which only read them. */
    float[] panels() {
        return panels;
    }

    @Override
    float element(int input, int output) {
        return panels[index(input, output)];
    }

    /**
     * Stores a piece of a source whose rows are inputs, {@code [inputs, outputs]} row-major (the Conv1D form).
     *
     * @param values the piece; elements {@code [0, length)} are read
     * @param length number of elements
     * @param start index of the first element in the row-major source
     */
    public void putInputMajor(float[] values, int length, long start) {
        checkRange(length, start);
        int input = (int) (start / outputs());
        int output = (int) (start % outputs());
        int i = 0;
        while (i < length) {
            int run = Math.min(Math.min(PANEL_WIDTH - output % PANEL_WIDTH, outputs() - output), length - i);
            System.arraycopy(values, i, panels, index(input, output), run);
            i += run;
            output += run;
            if (output == outputs()) {
                output = 0;
                input++;
            }
        }
    }

    /**
     * Stores a piece of a source whose rows are outputs, {@code [outputs, inputs]} row-major (an embedding table, a
     * Linear layer, an LM head).
     *
     * @param values the piece; elements {@code [0, length)} are read
     * @param length number of elements
     * @param start index of the first element in the row-major source
     */
    public void putOutputMajor(float[] values, int length, long start) {
        checkRange(length, start);
        int output = (int) (start / inputs());
        int input = (int) (start % inputs());
        int i = 0;
        while (i < length) {
            int run = Math.min(inputs() - input, length - i);
            int to = index(input, output);
            for (int end = i + run; i < end; i++, to += PANEL_WIDTH) {
                panels[to] = values[i];
            }
            input = 0;
            output++;
        }
    }

    private void checkRange(int length, long start) {
        if (length < 0 || start < 0 || start + length > (long) inputs() * outputs()) {
            throw new IndexOutOfBoundsException("elements [" + start + ", " + (start + length) + ") are outside of a "
                    + inputs() + " x " + outputs() + " matrix");
        }
    }
}
