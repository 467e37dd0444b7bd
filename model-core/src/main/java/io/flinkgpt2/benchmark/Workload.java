package io.flinkgpt2.benchmark;

import io.flinkgpt2.model.Gpt2Config;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Requests that all have the same lengths: prompts of seeded random ids, greedy, end of text ignored.
 *
 * @param streams number of requests, 1 or more
 * @param promptTokens of each prompt, 1 or more
 * @param newTokens that each generates, 1 or more
 * @param prefixTokens of each prompt that are the same in all of them, 0..{@code promptTokens}
 * @param seed of the ids
 */
public record Workload(int streams, int promptTokens, int newTokens, int prefixTokens, long seed) {

    public Workload {
        requireAtLeast(1, "streams", streams);
        requireAtLeast(1, "prompt tokens", promptTokens);
        requireAtLeast(1, "new tokens", newTokens);
        requireAtLeast(0, "shared tokens of a prompt", prefixTokens);
        if (prefixTokens > promptTokens) {
            throw new IllegalArgumentException("shared tokens of a prompt: found " + prefixTokens + ", expected 0.."
                    + promptTokens + ", the prompt's length");
        }
    }

    private static void requireAtLeast(int least, String what, int found) {
        if (found < least) {
            throw new IllegalArgumentException(what + ": found " + found + ", expected " + least + " or more");
        }
    }

    /** Returns the most tokens of prompt and completion together. */
    public int context() {
        return promptTokens + newTokens;
    }

    /** Returns the requests, the same ones each time. */
    List<BenchRequest> requests(Gpt2Config config) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] prefix = ids(random, prefixTokens, config);
        List<BenchRequest> requests = new ArrayList<>(streams);
        for (int i = 0; i < streams; i++) {
            int[] prompt = new int[promptTokens];
            System.arraycopy(prefix, 0, prompt, 0, prefixTokens);
            int[] own = ids(random, promptTokens - prefixTokens, config);
            System.arraycopy(own, 0, prompt, prefixTokens, own.length);
            requests.add(BenchRequest.greedy(prompt, newTokens));
        }
        return requests;
    }

    /** Returns ids of the vocabulary but those that end the text. */
    static int[] ids(SplittableRandom random, int count, Gpt2Config config) {
        List<Integer> ends = config.endOfTextIds().stream().sorted().toList();
        int ordinary = config.vocabularySize() - ends.size();
        int[] ids = new int[count];
        for (int i = 0; i < count; i++) {
            int id = random.nextInt(Math.max(1, ordinary));
            for (int end : ends) {
                id += id >= end ? 1 : 0;
            }
            ids[i] = Math.min(id, config.vocabularySize() - 1);
        }
        return ids;
    }
}
