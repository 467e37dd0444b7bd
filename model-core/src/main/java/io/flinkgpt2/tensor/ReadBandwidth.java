package io.flinkgpt2.tensor;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Reads floats as fast as a core can: sums, with several independent accumulators, of one stretch of memory or of several
 * at once. Which form is fastest depends on the machine, so all are tried.
 */
public enum ReadBandwidth {
    /** One stream of reads, four accumulators: as a product of one row reads its panels. */
    ONE_STREAM {
        @Override
        void read(float[] values, int from, int to, float[] out) {
            VectorSpecies<Float> species = VectorKernels.SPECIES;
            int step = species.length();
            FloatVector a = FloatVector.zero(species), b = a, c = a, d = a;
            for (int i = from; i <= to - 4 * step; i += 4 * step) {
                a = FloatVector.fromArray(species, values, i).add(a);
                b = FloatVector.fromArray(species, values, i + step).add(b);
                c = FloatVector.fromArray(species, values, i + 2 * step).add(c);
                d = FloatVector.fromArray(species, values, i + 3 * step).add(d);
            }
            a.add(b).add(c.add(d)).intoArray(out, 0);
        }
    },
    /** One stream of reads, eight accumulators. */
    ONE_WIDE_STREAM {
        @Override
        void read(float[] values, int from, int to, float[] out) {
            VectorSpecies<Float> species = VectorKernels.SPECIES;
            int step = species.length();
            FloatVector a = FloatVector.zero(species), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
            for (int i = from; i <= to - 8 * step; i += 8 * step) {
                a = FloatVector.fromArray(species, values, i).add(a);
                b = FloatVector.fromArray(species, values, i + step).add(b);
                c = FloatVector.fromArray(species, values, i + 2 * step).add(c);
                d = FloatVector.fromArray(species, values, i + 3 * step).add(d);
                e = FloatVector.fromArray(species, values, i + 4 * step).add(e);
                f = FloatVector.fromArray(species, values, i + 5 * step).add(f);
                g = FloatVector.fromArray(species, values, i + 6 * step).add(g);
                h = FloatVector.fromArray(species, values, i + 7 * step).add(h);
            }
            a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).intoArray(out, 0);
        }
    },
    /** Two streams of reads, four accumulators each. */
    TWO_STREAMS {
        @Override
        void read(float[] values, int from, int to, float[] out) {
            VectorSpecies<Float> species = VectorKernels.SPECIES;
            int step = species.length();
            int half = (to - from) / 2;
            FloatVector a = FloatVector.zero(species), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
            for (int i = from; i <= from + half - 4 * step; i += 4 * step) {
                a = FloatVector.fromArray(species, values, i).add(a);
                b = FloatVector.fromArray(species, values, i + step).add(b);
                c = FloatVector.fromArray(species, values, i + 2 * step).add(c);
                d = FloatVector.fromArray(species, values, i + 3 * step).add(d);
                e = FloatVector.fromArray(species, values, i + half).add(e);
                f = FloatVector.fromArray(species, values, i + half + step).add(f);
                g = FloatVector.fromArray(species, values, i + half + 2 * step).add(g);
                h = FloatVector.fromArray(species, values, i + half + 3 * step).add(h);
            }
            a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).intoArray(out, 0);
        }
    },
    /** Four streams of reads, two accumulators each. */
    FOUR_STREAMS {
        @Override
        void read(float[] values, int from, int to, float[] out) {
            VectorSpecies<Float> species = VectorKernels.SPECIES;
            int step = species.length();
            int quarter = (to - from) / 4;
            FloatVector a = FloatVector.zero(species), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
            for (int i = from; i <= from + quarter - 2 * step; i += 2 * step) {
                a = FloatVector.fromArray(species, values, i).add(a);
                b = FloatVector.fromArray(species, values, i + step).add(b);
                c = FloatVector.fromArray(species, values, i + quarter).add(c);
                d = FloatVector.fromArray(species, values, i + quarter + step).add(d);
                e = FloatVector.fromArray(species, values, i + 2 * quarter).add(e);
                f = FloatVector.fromArray(species, values, i + 2 * quarter + step)
                        .add(f);
                g = FloatVector.fromArray(species, values, i + 3 * quarter).add(g);
                h = FloatVector.fromArray(species, values, i + 3 * quarter + step)
                        .add(h);
            }
            a.add(b).add(c.add(d)).add(e.add(f).add(g.add(h))).intoArray(out, 0);
        }
    };

    /** Floats read by one call: few enough that the compiled code is soon reached, enough to amortise the call. */
    public static final int PIECE = 1 << 20;

    /**
     * Reads {@code values[from, to)} once.
     *
     * @param to {@code from} and a multiple of 16 vectors
     * @param out receives the sums, a vector's floats
     */
    abstract void read(float[] values, int from, int to, float[] out);

    /** Reads all values, a multiple of {@link #PIECE} of them, once. */
    public final void readAll(float[] values, float[] out) {
        for (int from = 0; from < values.length; from += PIECE) {
            read(values, from, from + PIECE, out);
        }
    }
}
