package io.flinkgpt2.tensor;

/**
 * An immutable-once-filled matrix of {@code inputs x outputs} float32 values, stored in column panels.
 *
 * <p>Panel {@code p} holds the output columns {@code [64 p, 64 p + 64)} as {@code inputs} consecutive runs of 64
 * floats, so that a kernel that broadcasts one input value reads one run, contiguously, for 64 outputs. Columns past
 * {@code outputs} in the last panel are zero. The panel is 64 floats wide whatever the vector width, so a packed
 * matrix means the same on every machine.
 *
 * <p>Packing happens once, while a weights file streams by: {@link #putInputMajor} and {@link #putOutputMajor} take
 * any piece of the row-major source, and pieces that do not overlap may come from several threads.
 */
public final class PackedMatrix {

    /** Output columns of one panel, in floats. */
    public static final int PANEL_WIDTH = 64;

    private final int inputs;
    private final int outputs;
    private final float[] panels;

    /**
     * An all-zero matrix, to be filled.
     *
     * @param inputs number of input values, 1 or more
     * @param outputs number of output columns, 1 or more
     * @throws IllegalArgumentException if a size is below 1 or the panels do not fit one Java array
     */
    public PackedMatrix(int inputs, int outputs) {
        if (inputs < 1 || outputs < 1) {
            throw new IllegalArgumentException(
                    "a packed matrix needs at least 1 input and 1 output, found " + inputs + " x " + outputs);
        }
        long size = packedSize(inputs, outputs);
        if (size > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("a packed matrix of " + inputs + " x " + outputs + " needs " + size
                    + " floats, more than the " + MAX_ARRAY_LENGTH + " of one array");
        }
        this.inputs = inputs;
        this.outputs = outputs;
        this.panels = new float[(int) size];
    }

    /** The longest array that every HotSpot JVM allocates. */
    private static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    /** Floats that a packed matrix of this size takes, padding included. */
    public static long packedSize(int inputs, int outputs) {
        return (long) inputs * padded(outputs);
    }

    /** {@code columns} rounded up to whole panels: the row stride of a buffer that a product is written to. */
    public static int padded(int columns) {
        return Math.multiplyExact(Math.floorDiv(Math.addExact(columns, PANEL_WIDTH - 1), PANEL_WIDTH), PANEL_WIDTH);
    }

    public int inputs() {
        return inputs;
    }

    public int outputs() {
        return outputs;
    }

    /** Number of panels, the last one possibly partly padding. */
    public int panelCount() {
        return padded(outputs) / PANEL_WIDTH;
    }

    /** Bytes of the panels, padding included. */
    public long byteSize() {
        return 4L * panels.length;
    }

    /** The panels themselves, {@code [panel][input][64]}; for kernels, which only read them. */
    float[] panels() {
        return panels;
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
        int input = (int) (start / outputs);
        int output = (int) (start % outputs);
        int i = 0;
        while (i < length) {
            int run = Math.min(Math.min(PANEL_WIDTH - output % PANEL_WIDTH, outputs - output), length - i);
            System.arraycopy(values, i, panels, index(input, output), run);
            i += run;
            output += run;
            if (output == outputs) {
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
        int output = (int) (start / inputs);
        int input = (int) (start % inputs);
        int i = 0;
        while (i < length) {
            int run = Math.min(inputs - input, length - i);
            int to = index(input, output);
            for (int end = i + run; i < end; i++, to += PANEL_WIDTH) {
                panels[to] = values[i];
            }
            input = 0;
            output++;
        }
    }

    /** The value that leads from {@code input} to {@code output}. */
    public float get(int input, int output) {
        if (input < 0 || input >= inputs || output < 0 || output >= outputs) {
            throw new IndexOutOfBoundsException(
                    "(" + input + ", " + output + ") is outside of a " + inputs + " x " + outputs + " matrix");
        }
        return panels[index(input, output)];
    }

    /**
     * Copies one output column: for a token embedding table, the embedding of token {@code output}.
     *
     * @param to receives {@code inputs} values from {@code toOffset}
     */
    public void copyColumn(int output, float[] to, int toOffset) {
        if (output < 0 || output >= outputs) {
            throw new IndexOutOfBoundsException("column " + output + " is outside of 0.." + (outputs - 1));
        }
        int from = index(0, output);
        for (int input = 0; input < inputs; input++, from += PANEL_WIDTH) {
            to[toOffset + input] = panels[from];
        }
    }

    private int index(int input, int output) {
        int panel = output / PANEL_WIDTH;
        return (panel * inputs + input) * PANEL_WIDTH + output % PANEL_WIDTH;
    }

    private void checkRange(int length, long start) {
        if (length < 0 || start < 0 || start + length > (long) inputs * outputs) {
            throw new IndexOutOfBoundsException("elements [" + start + ", " + (start + length) + ") are outside of a "
                    + inputs + " x " + outputs + " matrix");
        }
    }

    @Override
    public String toString() {
        return "PackedMatrix[" + inputs + " x " + outputs + "]";
    }
}
