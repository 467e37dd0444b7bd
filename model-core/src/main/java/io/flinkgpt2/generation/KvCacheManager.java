package io.flinkgpt2.generation;

import io.flinkgpt2.model.Gpt2Config;
import io.flinkgpt2.model.KvBlocks;
import io.flinkgpt2.model.KvCache;
import java.util.Arrays;

/**
 * The KV cache of a batch: a pool of blocks, the prompts that sequences share, and the blocks that each running sequence is
 * promised.
 *
 * <p>A sequence gets a cache when the blocks that it will have at most, at its end, fit beside those of the running ones; so
 * none ever has to wait or to be preempted on its way. Blocks that it shares with a running one count once, and those that only
 * the prefix cache holds count as free.
 *
 * <p>While a running sequence is still computing a prompt that begins like that of the next one, the next one waits for those
 * positions: a few steps whose prompt rows are busy anyway. The running one progresses or ends, so nobody waits forever.
 */
final class KvCacheManager {

    /** Minimum number of shared tokens that justifies waiting for another sequence's prefill. */
    private static final int LEAST_GAIN = 16;

    private final KvBlocks pool;
    private final PrefixCache prefixes;
    private final boolean sharing;
    private final int maxContext;
    private final PrefixMatch match = new PrefixMatch();

    /** @throws IllegalArgumentException if the KV cache cannot hold one sequence of {@code max-context} */
    KvCacheManager(Gpt2Config config, BatchOptions options) {
        long least = KvBlocks.blocksFor(options.maxContext()) * KvBlocks.blockBytes(config);
        if (options.kvCacheBytes() < least) {
            throw new IllegalArgumentException(
                    "kv-cache.bytes: found " + options.kvCacheBytes() + ", expected at least "
                            + least + ", what one sequence with a max-context of " + options.maxContext()
                            + " takes in this model; raise it or lower max-context");
        }
        long idleBlocks = options.prefixCacheBytes() / KvBlocks.blockBytes(config);
        this.pool = new KvBlocks(config, options.kvCacheBytes());
        this.prefixes = new PrefixCache(pool, (int) Math.min(pool.capacity(), idleBlocks));
        this.sharing = options.prefixCacheBytes() > 0;
        this.maxContext = options.maxContext();
    }

    /**
     * Gives the next sequence a cache that holds what is known of its prompt.
     *
     * @param running the running sequences, the first {@code count} of them
     * @return false if the sequence has to wait
     */
    boolean allocate(Sequence sequence, Sequence[] running, int count, long now) {
        // The last token is always computed, for its logits.
        int end = shares(sequence.group()) ? sequence.reusablePositions() : 0;
        prefixes.find(sequence.tokenIds(), end, sequence.group().prefixSalt(sharing), match);
        if (end > 0 && isBeingComputed(sequence, end, running, count)) {
            return false;
        }
        int mostBlocks = KvBlocks.blocksFor(sequence.mostPositions());
        long room = pool.capacity() - heldByRunning() - promised(running, count);
        long needed = blocksOf(sequence.width(), mostBlocks) - match.wholeBlocks + match.idleBlocks;
        if (needed > room) {
            return false;
        }
        if (match.part != null && match.part.pins == 0 && needed == room) {
            match.dropPart(); // no room for the copy beside what is to be copied
        }
        KvCache keysAndValues = new KvCache(pool, maxContext);
        prefixes.adopt(match, keysAndValues);
        SequenceCache cache = new SequenceCache(keysAndValues, mostBlocks, match.path, match.wholeBlocks);
        sequence.admitted(cache, Math.min(match.tokens(), sequence.promptLength()), now);
        if (sequence.search != null) {
            sequence.search.admitted(cache);
        }
        return true;
    }

    /** Returns whether prompts are shared: with others, or among the choices of one request. */
    private boolean shares(RequestGroup group) {
        return sharing || group.choices().size() > 1;
    }

    /**
     * Returns the maximum number of blocks of one sequence, or of the beams of a search: they have their blocks in common up to
     * where they part, but in the worst case that is at once, and each of them copies its last block when it does.
     */
    private static long blocksOf(int width, int mostBlocks) {
        return width == 1 ? mostBlocks : width * (mostBlocks + 1L);
    }

    /**
     * Checks that a sequence, or a beam search by its first one, fits when nothing else runs.
     *
     * @throws RequestTooLargeException if it does not
     */
    void requireFits(Sequence sequence) {
        long needed = blocksOf(sequence.width(), KvBlocks.blocksFor(sequence.mostPositions()));
        if (needed > pool.capacity()) {
            throw new RequestTooLargeException(sequence.width(), needed * blockBytes(), pool.capacity() * blockBytes());
        }
    }

    /** Returns whether a running sequence is about to compute clearly more of this prompt than is known. */
    private boolean isBeingComputed(Sequence sequence, int end, Sequence[] running, int count) {
        int[] tokens = sequence.tokenIds();
        Object salt = sequence.group().prefixSalt(sharing);
        int enough = match.tokens() + LEAST_GAIN;
        for (int i = 0; i < count; i++) {
            Sequence other = running[i];
            if (!other.isPromptComputed() && other.group().prefixSalt(sharing).equals(salt)) {
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

    /** Returns the number of blocks that running sequences may still take. */
    private static long promised(Sequence[] running, int count) {
        long blocks = 0;
        for (int i = 0; i < count; i++) {
            Sequence sequence = running[i];
            if (sequence.search == null) {
                SequenceCache cache = sequence.cache;
                blocks += cache.keysAndValues.blocksToAppend(cache.mostBlocks * KvCache.BLOCK_POSITIONS);
            } else if (i == 0 || running[i - 1].search != sequence.search) {
                blocks += sequence.search.promisedBlocks();
            }
        }
        return blocks;
    }

    /** Gives up blocks that no running sequence holds until so many can be taken from the pool. */
    void makeRoom(int blocks) {
        prefixes.makeRoom(blocks);
    }

    /** Lets other sequences share what a running one has computed of its prompt; nothing for one that shares none. */
    void registerPrompt(Sequence sequence) {
        if (!shares(sequence.group())) {
            return;
        }
        SequenceCache cache = sequence.cache;
        int promptLength = sequence.promptLength();
        int from = cache.registeredBlocks * KvCache.BLOCK_POSITIONS;
        while (from < promptLength) {
            int to = Math.min(promptLength, from + KvCache.BLOCK_POSITIONS);
            if (to > cache.keysAndValues.length()) {
                return;
            }
            cache.prefix = prefixes.register(cache.prefix, sequence.tokenIds(), from, to - from, cache.keysAndValues);
            cache.registeredBlocks++;
            from = to;
        }
    }

    /** Takes back what a sequence that leaves the batch held. */
    void release(Sequence sequence) {
        if (sequence.search == null) {
            sequence.cache.keysAndValues.reset();
            prefixes.release(sequence.cache.prefix);
        } else {
            sequence.search.beams().forEach(beam -> beam.cache.keysAndValues.reset());
            prefixes.release(sequence.search.prefix());
        }
    }

    /** Returns the number of blocks that running sequences hold, shared ones counted once. */
    int heldByRunning() {
        return pool.heldCount() - prefixes.idleCount();
    }

    /** Returns the number of blocks that are kept only in case another prompt begins alike. */
    int idleBlocks() {
        return prefixes.idleCount();
    }

    /** Returns the number of blocks that nothing holds, neither a running sequence nor the prefix cache. */
    int unheldBlocks() {
        return pool.availableCount();
    }

    /** Returns the maximum number of blocks. */
    int capacity() {
        return pool.capacity();
    }

    /** Returns the number of blocks that the prefix cache has given up so far. */
    long evictedBlocks() {
        return prefixes.evictedCount();
    }

    long blockBytes() {
        return KvBlocks.blockBytes(pool.config());
    }
}
