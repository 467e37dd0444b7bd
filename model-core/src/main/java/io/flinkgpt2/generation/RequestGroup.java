package io.flinkgpt2.generation;

import io.flinkgpt2.sampling.GenerationParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A request in a {@link ContinuousBatch}, from its submission to its end: its prompt, and a {@link Sequence} for each of its
 * choices, which are scheduled one by one. The object is the request's handle. To resume a request elsewhere takes its prompt,
 * its parameters, its priority and {@link #generatedTokenIds}.
 */
public final class RequestGroup {

    private final int[] promptTokenIds;
    private final GenerationParameters parameters;
    private final int priority;
    private final long submittedAt;
    private final List<Sequence> choices = new ArrayList<>(1);

    RequestGroup(int[] promptTokenIds, GenerationParameters parameters, int priority, long now) {
        this.promptTokenIds = promptTokenIds;
        this.parameters = parameters;
        this.priority = priority;
        this.submittedAt = now;
    }

    void add(Sequence choice) {
        choices.add(choice);
    }

    /** Returns the prompt as it was submitted; not to be changed. */
    public int[] promptTokenIds() {
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

    /** Returns the sequences, one for each choice, in the order of the choices. */
    List<Sequence> choices() {
        return choices;
    }

    long submittedAt() {
        return submittedAt;
    }

    /** Returns the number of tokens that all choices have generated so far. */
    public int generatedCount() {
        int count = 0;
        for (int i = 0; i < choices.size(); i++) {
            count += choices.get(i).generatedCount();
        }
        return count;
    }

    /** Returns copies of the ids that each choice has generated so far, in the order of the choices. */
    public List<int[]> generatedTokenIds() {
        return choices.stream().map(Sequence::generatedTokenIds).toList();
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
     * Returns the completions of the choices that did not fail, in their order; cancelled ones hold what they had.
     *
     * @throws IllegalStateException if the request has not ended
     */
    public List<Completion> completions() {
        if (!hasEnded()) {
            throw new IllegalStateException(
                    "completions of a request: found choices that have not ended, expected none;"
                            + " make steps until the batch returns the request");
        }
        return choices.stream()
                .map(Sequence::completion)
                .filter(Objects::nonNull)
                .toList();
    }

    /** Returns why the first choice failed if all of them did; null otherwise. */
    public RuntimeException failure() {
        boolean allFailed = choices.stream().allMatch(choice -> choice.failure() != null);
        return allFailed ? choices.get(0).failure() : null;
    }
}
