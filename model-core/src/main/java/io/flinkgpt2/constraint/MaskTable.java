package io.flinkgpt2.constraint;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;

/**
 * The masks of one constraint's states, as far as memory was granted for them. A mask that is not kept is computed again: what
 * is kept changes no result. Thread-safe without locks; a mask may be computed twice.
 */
final class MaskTable {
    /** Places that a state's mask may stand at, one behind the other. */
    private static final int PROBES = 4;

    private static final int MOST_PLACES = 1 << 11;

    private final AtomicReferenceArray<Mask> places;
    private final long bytesOfMask;
    private final Memory memory;

    /** @param allowed a bit for each token id */
    record Mask(int state, long[] allowed) {}

    /** The memory that masks share with others. */
    interface Memory {
        /** Returns whether so many bytes may be taken. */
        boolean take(long bytes);

        void giveBack(long bytes);
    }

    /** @param states one more than the highest state */
    MaskTable(int states, int vocabularySize, Memory memory) {
        int wanted = Math.min(Math.max(states, PROBES), MOST_PLACES);
        this.places = new AtomicReferenceArray<>(Integer.highestOneBit(2 * wanted - 1));
        this.bytesOfMask = (vocabularySize + 63L) / 64 * Long.BYTES + 48;
        this.memory = memory;
    }

    /** Returns the mask of a state, or null. */
    long[] get(int state) {
        int first = place(state);
        for (int i = 0; i < PROBES; i++) {
            Mask mask = places.get((first + i) & (places.length() - 1));
            if (mask != null && mask.state == state) {
                return mask.allowed;
            }
        }
        return null;
    }

    /** Keeps a mask if there is memory for it; in the place of another one if there is not, or no place. */
    void put(int state, long[] allowed) {
        Mask mask = new Mask(state, allowed);
        int first = place(state);
        for (int i = 0; i < PROBES; i++) {
            int place = (first + i) & (places.length() - 1);
            if (places.get(place) == null) {
                if (!memory.take(bytesOfMask)) {
                    break;
                }
                if (places.compareAndSet(place, null, mask)) {
                    return;
                }
                memory.giveBack(bytesOfMask);
            }
        }
        for (int i = 0; i < PROBES; i++) {
            int place = (first + i) & (places.length() - 1);
            Mask other = places.get(place);
            if (other != null && places.compareAndSet(place, other, mask)) {
                return;
            }
        }
    }

    /** Returns the number of masks that are kept. */
    int size() {
        return (int) IntStream.range(0, places.length())
                .filter(place -> places.get(place) != null)
                .count();
    }

    private int place(int state) {
        int hash = state * 0x9E3779B1;
        return (hash ^ hash >>> 16) & (places.length() - 1);
    }
}
