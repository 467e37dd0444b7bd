package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Who enters the batch, and what of the KV cache it may use there.
 *
 * <p>A sequence is admitted when the blocks that it will have in the end, at most, fit beside those of the running ones:
 * so none ever has to wait, or to be thrown out, on its way. Blocks that it shares with a running one count once, and those
 * that only the prefix cache holds count as free. The first in the queue is never overtaken by a smaller one, or large ones
 * would starve.
 *
 * <p>While a running sequence is still computing a prompt that begins like the first in the queue, the queue waits for those
 * positions to be there: a few steps whose prompt rows are busy anyway. That one runs and progresses, or ends, so nobody
 * waits forever.
 */
final class Admission {

    /** Waiting for a prefix in the making pays off from so many tokens on. */
    private static final int LEAST_GAIN = 16;

    private final KvBlocks pool;
    private final PrefixCache prefixes;
    private final boolean sharing;
    private final int maxContext;
    private final PrefixMatch match = new PrefixMatch();
    private final TreeSet<InFlight> queue =
            new TreeSet<>(Comparator.comparingInt(InFlight::priority).thenComparingLong(InFlight::arrival));

    Admission(KvBlocks pool, BatchOptions options) {
        long idleBlocks = options.prefixCacheBytes() / KvBlocks.blockBytes(pool.config());
        this.pool = pool;
        this.prefixes = new PrefixCache(pool, (int) Math.min(pool.capacity(), idleBlocks));
        this.sharing = options.prefixCacheBytes() > 0;
        this.maxContext = options.maxContext();
    }

    void enqueue(InFlight inFlight) {
        queue.add(inFlight);
    }

    /** Whether it was in the queue. */
    boolean dequeue(InFlight inFlight) {
        return queue.remove(inFlight);
    }

    int waitingCount() {
        return queue.size();
    }

    /** Those that wait, the next one first. */
    List<InFlight> waiting() {
        return List.copyOf(queue);
    }

    PrefixCache prefixes() {
        return prefixes;
    }

    /** Blocks that running sequences hold, shared ones counted once. */
    int heldByRunning() {
        return pool.heldCount() - prefixes.idleCount();
    }

    /** Admits the first of the queue, with a cache that holds what is known of its prompt; null if it has to wait. */
    InFlight admitNext(InFlight[] running, int count, long now) {
        if (queue.isEmpty()) {
            return null;
        }
        InFlight first = queue.first();
        Sequence sequence = first.sequence();
        // The last token is always computed, for its logits.
        int end = sequence.length() - 1;
        prefixes.find(sequence.tokenIds(), sharing ? end : 0, match);
        if (sharing && isInTheMaking(sequence.tokenIds(), end, running, count)) {
            return null;
        }
        long room = pool.capacity() - heldByRunning() - promised(running, count);
        long needed = (long) first.mostBlocks - match.wholeBlocks + match.idleBlocks;
        if (needed > room) {
            return null;
        }
        if (match.part != null && match.part.pins == 0 && needed == room) {
            match.dropPart(); // no room for the copy beside what is to be copied
        }
        queue.remove(first);
        KvCache cache = new KvCache(pool, maxContext);
        prefixes.adopt(match, cache);
        first.prefix = match.path;
        first.registeredBlocks = match.wholeBlocks;
        first.cachedTokens = Math.min(match.tokens(), sequence.promptLength());
        first.admitted(cache, now);
        return first;
    }

    /** Whether a running sequence is about to compute clearly more of this prompt than is known. */
    private boolean isInTheMaking(int[] tokens, int end, InFlight[] running, int count) {
        int enough = match.tokens() + LEAST_GAIN;
        for (int i = 0; i < count; i++) {
            if (!running[i].isPromptComputed()) {
                Sequence other = running[i].sequence();
                int most = Math.min(end, other.promptLength());
                // Looking at the tokens that would make the difference rejects most others at once.
                if (most >= enough
                        && Arrays.equals(tokens, match.tokens(), enough, other.tokenIds(), match.tokens(), enough)
                        && Arrays.equals(tokens, 0, enough, other.tokenIds(), 0, enough)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Blocks that running sequences may still take. */
    private static long promised(InFlight[] running, int count) {
        long blocks = 0;
        for (int i = 0; i < count; i++) {
            blocks += running[i].mostBlocks - running[i].cache.blockCount();
        }
        return blocks;
    }

    /** Makes what a running sequence has computed of its prompt known to others. */
    void registerPrompt(InFlight inFlight) {
        if (!sharing) {
            return;
        }
        Sequence sequence = inFlight.sequence();
        int promptLength = sequence.promptLength();
        int from = inFlight.registeredBlocks * KvCache.BLOCK_POSITIONS;
        while (from < promptLength) {
            int to = Math.min(promptLength, from + KvCache.BLOCK_POSITIONS);
            if (to > inFlight.cache.length()) {
                return;
            }
            inFlight.prefix = prefixes.register(inFlight.prefix, sequence.tokenIds(), from, to - from, inFlight.cache);
            inFlight.registeredBlocks++;
            from = to;
        }
    }

    /** Takes back what a sequence that leaves the batch held. */
    void retire(InFlight inFlight) {
        inFlight.cache.reset();
        prefixes.release(inFlight.prefix);
    }
}
