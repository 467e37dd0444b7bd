package io.flinkgpt2.generation;

import io.flinkgpt2.model.KvCache;
import io.flinkgpt2.sampling.BeamCandidates;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.TokenScorer;
import io.flinkgpt2.sampling.TokenScores;
import java.util.ArrayList;
import java.util.List;

/**
 * The beam search of one prompt, as transformers has it: {@code n} beams of equal length go on from the best of their
 * continuations together, so they are admitted and end together.
 *
 * <p>At each step the best {@code 2 n} continuations of all beams are looked at, best first: by the sum of log-probabilities
 * after the processors, then by beam, then as tokens are ordered everywhere. One that ends becomes a hypothesis if it is among
 * the first {@code n}; the first {@code n} that do not end are the next beams. Hypotheses are compared by their sum divided by
 * their length, the token that ended them included, to the power of {@code length_penalty}.
 */
final class BeamSearch {

    private final RequestGroup group;
    private final BeamParameters parameters;
    private final int width;
    /** Continuations of each beam in this step. */
    private final Continuations[] continuations;

    /** The beams, best first; one until the prompt is computed. */
    private List<Sequence> beams;
    /** Those that ended, best first, at most {@code n}. */
    private final List<Hypothesis> hypotheses = new ArrayList<>();

    /** The part of the KV cache that its first beam was admitted with; null while it waits. */
    private SequenceCache admittedWith;

    private int collected;
    private List<Completion> completions;
    private RuntimeException failure;

    private record Hypothesis(Sequence sequence, double score) {}

    /** The best continuations of one beam. */
    private static final class Continuations {
        final int[] tokenIds;
        final double[] sums;
        final TokenScores scores;
        int size;

        Continuations(int most, TokenScores like) {
            this.tokenIds = new int[most];
            this.sums = new double[most];
            this.scores = like == null ? null : new TokenScores(most, like.alternatives(), like.labelIds());
        }
    }

    /** @param first sequence of the prompt, which becomes part of this search */
    BeamSearch(Sequence first) {
        this.group = first.group();
        this.parameters = group.parameters().beams();
        this.width = group.parameters().choices();
        this.continuations = new Continuations[width];
        for (int i = 0; i < width; i++) {
            continuations[i] = new Continuations(2 * width, first.scores().generated());
        }
        this.beams = List.of(first);
        first.search = this;
    }

    RequestGroup group() {
        return group;
    }

    /** Returns the number of places that it takes in a batch. */
    int width() {
        return width;
    }

    List<Sequence> beams() {
        return beams;
    }

    /** Takes the part of the KV cache of its only beam so far. */
    void admitted(SequenceCache first) {
        admittedWith = first;
    }

    /** Returns the deepest node of the prefix cache that its beams hold. */
    PrefixNode prefix() {
        return admittedWith.prefix;
    }

    /** Returns the number of blocks that its beams may still take: to their end, and a copy of the last one each. */
    long promisedBlocks() {
        long blocks = width * (admittedWith.mostBlocks + 1L);
        for (Sequence beam : beams) {
            blocks -= beam.cache.keysAndValues.blockCount();
        }
        return blocks;
    }

    /** Returns the number of tokens that each beam has generated. */
    int generatedCount() {
        return beams.isEmpty() ? 0 : beams.get(0).generatedCount();
    }

    boolean isAdmitted() {
        return admittedWith != null;
    }

    /** Takes the continuations of a beam from its logits. */
    void collect(Sequence beam, float[] logits, int offset, BeamCandidates candidates, TokenScorer scorer) {
        int index = beams.indexOf(beam);
        Continuations own = continuations[index];
        candidates.select(logits, offset, beam.processors(), 2 * width, beam.generatedCount());
        own.size = candidates.size();
        if (own.scores != null) {
            own.scores.clear();
            scorer.take(logits, offset);
        }
        for (int rank = 0; rank < own.size; rank++) {
            own.tokenIds[rank] = candidates.tokenId(rank);
            own.sums[rank] = beam.logProbabilitySum() + candidates.logProbability(rank);
            if (own.scores != null) {
                scorer.score(own.tokenIds[rank], own.scores);
            }
        }
        collected++;
    }

    /** Returns whether the continuations of all beams are there. */
    boolean isReady() {
        return !hasEnded() && collected == beams.size();
    }

    /** Goes on with the best continuations; some may end, and with them the search. */
    void advance(long now) {
        collected = 0;
        List<Sequence> next = new ArrayList<>(width);
        int[] parents = new int[width];
        int[] taken = new int[beams.size()];
        int rank = 0;
        for (; rank < 2 * width && next.size() < width; rank++) {
            int from = best(taken);
            if (from < 0) {
                break;
            }
            Sequence child = extended(from, taken[from]++, now);
            if (!child.isFinished()) {
                parents[next.size()] = from;
                next.add(child);
            } else if (rank < width) {
                add(child);
            }
        }
        if (rank == 0 && hypotheses.isEmpty()) {
            throw BeamCandidates.noContinuation(beams.get(0).generatedCount());
        }
        moveCaches(next, parents);
        beams = next;
    }

    /** Returns the beam whose next continuation is the best of all; -1 if there is none left. */
    private int best(int[] taken) {
        int best = -1;
        for (int i = 0; i < beams.size(); i++) {
            if (taken[i] < continuations[i].size
                    && (best < 0 || continuations[i].sums[taken[i]] > continuations[best].sums[taken[best]])) {
                best = i;
            }
        }
        return best;
    }

    private Sequence extended(int from, int rank, long now) {
        Sequence child = beams.get(from).fork();
        Continuations own = continuations[from];
        if (own.scores != null) {
            child.scores().generated().appendFrom(own.scores, rank);
        }
        child.appendBeam(own.tokenIds[rank], own.sums[rank], now);
        return child;
    }

    /** Adds a hypothesis, behind those that are as good, and drops the worst one of too many. */
    private void add(Sequence ended) {
        double score = score(ended.endedLogProbabilitySum(), ended.endedLength());
        int at = hypotheses.size();
        while (at > 0 && hypotheses.get(at - 1).score() < score) {
            at--;
        }
        hypotheses.add(at, new Hypothesis(ended, score));
        if (hypotheses.size() > width) {
            hypotheses.remove(width);
        }
    }

    private double score(double sum, int length) {
        return sum / StrictMath.pow(Math.max(1, length), parameters.lengthPenalty());
    }

    /** Gives the next beams the caches of those that they go on from: the first of several its own, the others forks. */
    private void moveCaches(List<Sequence> next, int[] parents) {
        boolean[] moved = new boolean[beams.size()];
        for (int i = 0; i < next.size(); i++) {
            KvCache parent = beams.get(parents[i]).cache.keysAndValues;
            KvCache own = moved[parents[i]] ? parent.fork() : parent;
            moved[parents[i]] = true;
            next.get(i).cache =
                    new SequenceCache(own, admittedWith.mostBlocks, admittedWith.prefix, admittedWith.registeredBlocks);
        }
        for (int i = 0; i < beams.size(); i++) {
            if (!moved[i]) {
                beams.get(i).cache.keysAndValues.reset();
            }
        }
    }

    /** Returns whether nothing that still runs can become one of the best hypotheses. */
    boolean isDecided() {
        if (beams.isEmpty()) {
            return true;
        }
        if (hypotheses.size() < width) {
            return false;
        }
        Sequence best = beams.get(0);
        return parameters.earlyStopping()
                || score(best.logProbabilitySum(), best.generatedCount())
                        <= hypotheses.get(width - 1).score();
    }

    /** Ends the beams that run where they stand. */
    void end(Stop stop) {
        for (Sequence beam : beams) {
            beam.end(stop);
            add(beam);
        }
    }

    /** Returns the sequences of the best hypotheses, best first. */
    List<Sequence> best() {
        return hypotheses.stream().map(Hypothesis::sequence).toList();
    }

    void complete(List<Completion> found) {
        completions = found;
    }

    void fail(RuntimeException cause) {
        failure = cause;
    }

    boolean hasEnded() {
        return completions != null || failure != null;
    }

    /** Returns the completions of the best hypotheses, best first; null before its end, or if it failed. */
    List<Completion> completions() {
        return completions;
    }

    /** Returns why it failed, or null. */
    RuntimeException failure() {
        return failure;
    }
}
