package io.flinkgpt2.constraint;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.Function;

/** Constraints within a budget of bytes, which their masks share; the least recently used are dropped. Thread-safe. */
final class ConstraintCache {
    /** Beside the texts: the entry, and a refusal's message. */
    private static final long ENTRY_BYTES = 1024;

    private final long mostBytes;
    private final Map<ConstraintSource, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    ConstraintCache(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** One constraint, built or being built or refused. */
    static final class Entry {
        private FutureTask<Constraint> task;
        private long bytes;
        private boolean built;
        private boolean dropped;

        FutureTask<Constraint> task() {
            return task;
        }
    }

    /** Returns the entry of a source; a new one, which is being built, if there is none. */
    synchronized Entry entry(ConstraintSource source, Function<Entry, FutureTask<Constraint>> task) {
        Entry entry = entries.get(source);
        if (entry == null) {
            entry = new Entry();
            entry.task = task.apply(entry);
            entries.put(source, entry);
        }
        return entry;
    }

    /** Counts what an entry takes, once. */
    synchronized void built(ConstraintSource source, Entry entry, long constraintBytes) {
        if (entry.built || entry.dropped) {
            return;
        }
        entry.built = true;
        add(entry, ENTRY_BYTES + 2 * source.length() + constraintBytes);
        shrink(entry);
        if (bytes > mostBytes) {
            remove(source, entry);
        }
    }

    /** Returns the memory for an entry's masks; to get it, other entries are dropped. */
    MaskTable.Memory memory(Entry entry) {
        return new MaskTable.Memory() {
            @Override
            public boolean take(long more) {
                return takeFor(entry, more);
            }

            @Override
            public void giveBack(long less) {
                giveBackFrom(entry, less);
            }
        };
    }

    private synchronized boolean takeFor(Entry entry, long more) {
        if (entry.dropped || entry.bytes + more > mostBytes) {
            return false;
        }
        add(entry, more);
        shrink(entry);
        return true;
    }

    private synchronized void giveBackFrom(Entry entry, long less) {
        if (!entry.dropped) {
            add(entry, -less);
        }
    }

    synchronized void remove(ConstraintSource source, Entry entry) {
        if (entries.remove(source, entry)) {
            drop(entry);
        }
    }

    synchronized long bytes() {
        return bytes;
    }

    private void add(Entry entry, long more) {
        entry.bytes += more;
        bytes += more;
    }

    private void drop(Entry entry) {
        entry.dropped = true;
        bytes -= entry.bytes;
        entry.bytes = 0;
    }

    /** Drops entries other than this one, the least recently used first, until the budget holds. */
    private void shrink(Entry kept) {
        for (Iterator<Entry> eldest = entries.values().iterator(); bytes > mostBytes && eldest.hasNext(); ) {
            Entry entry = eldest.next();
            if (entry != kept && entry.built) {
                eldest.remove();
                drop(entry);
            }
        }
    }
}
