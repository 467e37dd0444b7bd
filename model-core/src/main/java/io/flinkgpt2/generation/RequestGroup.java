package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.TokenScores;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A request in a {@link ContinuousBatch}, from its submission to its end: its prompts, and for each of them a
 * {@link Sequence} for each choice, which are scheduled one by one, or a {@link BeamSearch}, which is scheduled whole. The
 * object is the request's handle. To resume a request elsewhere takes its prompts, its parameters, its priority and
 * {@link #generatedTokenIds}.
 */
public final class RequestGroup {

    /** Without a deadline. */
    private static final long NEVER = 0;

    private final int[][] promptTokenIds;
    private final GenerationParameters parameters;
    private final int priority;
    private final long submittedAt;
    /** The choices of the first prompt, then those of the next one; of beam searches, a first sequence each. */
    private final List<Sequence> choices = new ArrayList<>(1);

    RequestGroup(int[][] promptTokenIds, GenerationParameters parameters, int priority, long now) {
        this.promptTokenIds = promptTokenIds;
        this.parameters = parameters;
        this.priority = priority;
        this.submittedAt = now;
    }

    void add(Sequence choice) {
        choices.add(choice);
    }

    /** Returns the prompts as they were submitted; not to be changed. */
    public int[][] promptTokenIds() {
        return promptTokenIds;
    }

    /** Returns the parameters as they were submitted. */
    public GenerationParameters parameters() {
        return parameters;
    }

    /** Returns the priority; lower ones go first. */
    public int priority() {
        return priority;
    }

    /** Returns the sequences, one for each choice of each prompt, or one for each beam search. */
    List<Sequence> choices() {
        return choices;
    }

    long submittedAt() {
        return submittedAt;
    }

    boolean hasDeadline() {
        return parameters.timeoutMillis() != NEVER;
    }

    /** Returns whether its time is over at {@code now}, a reading of {@link System#nanoTime}. */
    boolean isPastDeadline(long now) {
        return hasDeadline() && now - submittedAt >= parameters.timeoutMillis() * 1_000_000;
    }

    /** Returns whether log-probabilities of generated tokens are needed: to be told, or to find the best choices. */
    boolean needsScores() {
        return parameters.scores().wantsGenerated() || parameters.bestOf() > parameters.choices();
    }

    /**
     * Returns what prefixes may be shared with: only those of requests with an equal object. Without a prefix cache the choices
     * of one prompt still share theirs.
     */
    Object prefixSalt(boolean sharing) {
        return sharing ? parameters.cacheSalt() : this;
    }

    /** Returns the number of tokens that all choices have generated so far; of a beam search, those of one beam. */
    public int generatedCount() {
        int count = 0;
        for (int i = 0; i < choices.size(); i++) {
            Sequence choice = choices.get(i);
            count += choice.search == null ? choice.generatedCount() : choice.search.generatedCount();
        }
        return count;
    }

    /**
     * Returns copies of the ids that each choice has generated so far, those of the first prompt first. Empty for beam searches,
     * which begin anew when they are resumed.
     */
    public List<int[]> generatedTokenIds() {
        return parameters.beams() == null
                ? choices.stream().map(Sequence::generatedTokenIds).toList()
                : List.of();
    }

    /** Returns whether no choice has been admitted to the batch yet. */
    public boolean isWaiting() {
        return choices.stream().allMatch(Sequence::isWaiting);
    }

    /** Returns whether all choices have ended. */
    public boolean hasEnded() {
        for (int i = 0; i < choices.size(); i++) {
            if (!choices.get(i).hasEnded()) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the completions of the choices that did not fail, by prompt, then by choice: of each prompt at most {@code n},
     * and of more those of highest mean log-probability; cancelled ones hold what they had.
     *
     * @throws IllegalStateException if the request has not ended
     */
    public List<Completion> completions() {
        if (!hasEnded()) {
            throw new IllegalStateException(
                    "completions of a request: found choices that have not ended, expected none;"
                            + " make steps until the batch returns the request");
        }
        List<Completion> completions = new ArrayList<>();
        for (int prompt = 0; prompt < promptTokenIds.length; prompt++) {
            completions.addAll(completions(prompt));
        }
        return completions;
    }

    private List<Completion> completions(int prompt) {
        List<Sequence> ofPrompt = choices.stream()
                .filter(choice -> choice.prompt().index() == prompt && failureOf(choice) == null)
                .toList();
        if (parameters.beams() != null) {
            return ofPrompt.stream()
                    .flatMap(first ->
                            first.search == null ? Stream.of(first.completion()) : first.search.completions().stream())
                    .toList();
        }
        if (parameters.bestOf() == parameters.choices()) {
            return ofPrompt.stream().map(Sequence::completion).toList();
        }
        List<Completion> best = new ArrayList<>();
        ofPrompt.stream()
                .sorted(Comparator.comparingDouble(RequestGroup::meanLogProbability)
                        .reversed())
                .limit(parameters.choices())
                .forEach(choice -> best.add(choice.completion().withChoice(best.size())));
        return best;
    }

    /** Returns the mean over its tokens and the one that ended it, if one did; least of all without any. */
    private static double meanLogProbability(Sequence choice) {
        int count = choice.completion().tokenIds().length;
        StopReason reason = choice.completion().stopReason();
        boolean endedByToken = reason == StopReason.END_OF_TEXT || reason == StopReason.STOP_TOKEN;
        TokenScores scores = choice.scores().generated();
        int counted = Math.min(scores.size(), endedByToken ? count + 1 : count);
        return counted == 0 ? Double.NEGATIVE_INFINITY : scores.sum(counted) / counted;
    }

    /** Returns why the first choice failed if all of them did; null otherwise. */
    public RuntimeException failure() {
        boolean allFailed = choices.stream().allMatch(choice -> failureOf(choice) != null);
        return allFailed ? failureOf(choices.get(0)) : null;
    }

    /** Returns why the first of the choices failed that did; null if none did. */
    RuntimeException firstFailure() {
        return choices.stream()
                .map(this::failureOf)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    /** Returns why a choice failed, itself or the one that scored its prompt; null if it did not. */
    private RuntimeException failureOf(Sequence choice) {
        if (choice.failure() != null) {
            return choice.failure();
        }
        if (choice.search != null) {
            return choice.search.failure();
        }
        if (choice.prompt().isScored()) {
            return null;
        }
        return choices.stream()
                .filter(other -> other.prompt() == choice.prompt() && other.failure() != null)
                .map(Sequence::failure)
                .findFirst()
                .orElse(null);
    }
}
