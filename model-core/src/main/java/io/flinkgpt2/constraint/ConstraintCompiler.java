package io.flinkgpt2.constraint;

import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Builds constraints for one vocabulary. Each distinct constraint is built once, also if several threads ask for it, and kept
 * while the cache has room; the least recently used are dropped. What is dropped stays usable for those who have it. Thread-safe.
 *
 * <p>Building one takes at most about a second and 64 MB. The limits count states and steps, so that the same constraint is taken or
 * refused on every machine.
 */
public final class ConstraintCompiler {
    private static final long CACHE_BYTES = 64 << 20;

    private final Tokenizer tokenizer;
    private final TokenTrie trie;
    private final FreeJson freeJson = new FreeJson();
    private final UnicodeProperties properties = new UnicodeProperties();
    private final ConstraintCache cache;

    /**
     * Reads the vocabulary, which takes some megabytes beside the cache.
     *
     * @param vocabularySize number of logits in a row of the model; ids from there on are never allowed
     * @param cacheBytes memory for constraints and their masks, about; 0 or more. GPT-2's masks take 6 kB each
     */
    public ConstraintCompiler(Tokenizer tokenizer, int vocabularySize, long cacheBytes) {
        this.tokenizer = tokenizer;
        this.trie = new TokenTrie(tokenizer, vocabularySize);
        this.cache = new ConstraintCache(cacheBytes);
    }

    /** Returns a supplier of one compiler, with a cache of {@value #CACHE_BYTES} bytes, that is made when it is first used. */
    public static Supplier<ConstraintCompiler> whenUsed(Tokenizer tokenizer, int vocabularySize) {
        return new Supplier<>() {
            private ConstraintCompiler compiler;

            @Override
            public synchronized ConstraintCompiler get() {
                if (compiler == null) {
                    compiler = new ConstraintCompiler(tokenizer, vocabularySize, CACHE_BYTES);
                }
                return compiler;
            }
        };
    }

    /**
     * Returns the constraint of a source.
     *
     * @throws InvalidConstraintException if the source is malformed, uses what is not supported, is too large, or if no text of
     *     this vocabulary matches
     */
    public Constraint compile(ConstraintSource source) throws InvalidConstraintException {
        ConstraintCache.Entry entry = cache.entry(source, owner -> new FutureTask<>(() -> build(source, owner)));
        entry.task().run();
        try {
            Constraint constraint = entry.task().get();
            cache.built(source, entry, constraint.bytes());
            return constraint;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof InvalidConstraintException refusal) {
                cache.built(source, entry, 0);
                throw new InvalidConstraintException(refusal.param(), refusal.reason());
            }
            cache.remove(source, entry);
            throw new IllegalStateException("the constraint could not be built", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while another thread built the constraint", e);
        }
    }

    /** Returns about how much of the cache is taken, in bytes. */
    long cachedBytes() {
        return cache.bytes();
    }

    private Constraint build(ConstraintSource source, ConstraintCache.Entry owner) throws InvalidConstraintException {
        if (tokenizer.refusalOfText().isPresent()) {
            throw new InvalidConstraintException(
                    "", tokenizer.refusalOfText().get() + "; a constraint needs a tokenizer that has text");
        }
        ByteTable table = new SourceBuilder(properties).table(source);
        ConstraintAutomaton automaton = new ConstraintAutomaton(table, freeJson);
        int[] alive = null;
        if (!trie.hasTokenOfEach(automaton.bytesUsed())) {
            alive = TokenReach.states(automaton, trie);
            if (alive.length == 0 || alive[0] != ConstraintAutomaton.START) {
                throw new InvalidConstraintException(
                        "",
                        "found a constraint that no tokens of the vocabulary " + tokenizer.name()
                                + " spell, expected one that some do");
            }
        }
        MaskTable masks = new MaskTable(automaton.states(), trie.vocabularySize(), cache.memory(owner));
        return new Constraint(automaton, trie, alive, masks);
    }
}
