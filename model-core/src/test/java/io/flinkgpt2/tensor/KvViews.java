package io.flinkgpt2.tensor;

/** Looks into views, for tests of other packages. */
public final class KvViews {

    private KvViews() {}

    public static int headSize(KvView kv) {
        return kv.headSize;
    }

    public static int positions(KvView kv) {
        return kv.positions;
    }

    /** The same keys and values, with another number of positions that take part. */
    public static KvView withPositions(KvView kv, int positions) {
        KvView other = new KvView(kv.allHeads, kv.headSize);
        other.set(kv.blocks, kv.keysOffset, kv.valuesOffset, positions, kv.closed);
        return other;
    }
}
