package io.flinkgpt2.tensor;

/**
 * A matrix of {@code inputs x outputs} weights, stored as the {@link MatrixProduct} that packed it reads them. Immutable once
 * filled.
 *
 * <p>Work is cut by panels of {@value #PANEL_WIDTH} output columns, whatever the layout. The products in Java also store them:
 * panel {@code p} holds the columns {@code [32 p, 32 p + 32)} as {@code inputs} consecutive runs of 32 elements, so that a
 * kernel that broadcasts one input value reads one run, contiguously, for 32 outputs. Columns past {@code outputs} in the last
 * panel are zero. The panel is 32 elements wide whatever the vector width, so a packed matrix means the same on every machine.
 */
public abstract class PackedMatrix {

    /** Output columns of one panel. */
    public static final int PANEL_WIDTH = 32;

    /** The longest array that every HotSpot JVM allocates. */
    static final int MAX_ARRAY_LENGTH = Integer.MAX_VALUE - 8;

    private final int inputs;
    private final int outputs;

    PackedMatrix(int inputs, int outputs) {
        if (inputs < 1 || outputs < 1) {
            throw new IllegalArgumentException(
                    "a packed matrix needs at least 1 input and 1 output, found " + inputs + " x " + outputs);
        }
        long size = packedSize(inputs, outputs);
        if (size > MAX_ARRAY_LENGTH) {
            throw new IllegalArgumentException("a packed matrix of " + inputs + " x " + outputs + " needs " + size
                    + " elements, more than the " + MAX_ARRAY_LENGTH + " of one array");
        }
        this.inputs = inputs;
        this.outputs = outputs;
    }

    /** Elements that a packed matrix of this size takes, padding included. */
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

    /** Returns the number of panels, the last one possibly partly padding. */
    public int panelCount() {
        return padded(outputs) / PANEL_WIDTH;
    }

    /** Returns how the elements are stored. */
    public abstract Precision precision();

    /** Returns the number of bytes of memory, padding included. */
    public abstract long byteSize();

    /** Returns the element that leads from {@code input} to {@code output}, both in range, as the number that it means. */
    abstract float element(int input, int output);

    /** Returns the value that leads from {@code input} to {@code output}. */
    public final float get(int input, int output) {
        if (input < 0 || input >= inputs || output < 0 || output >= outputs) {
            throw new IndexOutOfBoundsException(
                    "(" + input + ", " + output + ") is outside of a " + inputs + " x " + outputs + " matrix");
        }
        return element(input, output);
    }

    /**
     * Copies one output column: for a token embedding table, the embedding of token {@code output}.
     *
     * @param to receives {@code inputs} values from {@code toOffset}
     */
    public final void copyColumn(int output, float[] to, int toOffset) {
        if (output < 0 || output >= outputs) {
            throw new IndexOutOfBoundsException("column " + output + " is outside of 0.." + (outputs - 1));
        }
        for (int input = 0; input < inputs; input++) {
            to[toOffset + input] = element(input, output);
        }
    }

    /** Returns where an element lies, in panels of this width. */
    final int index(int input, int output) {
        int panel = output / PANEL_WIDTH;
        return (panel * inputs + input) * PANEL_WIDTH + output % PANEL_WIDTH;
    }

    @Override
    public final String toString() {
        return "PackedMatrix[" + inputs + " x " + outputs + ", " + precision() + "]";
    }
}
