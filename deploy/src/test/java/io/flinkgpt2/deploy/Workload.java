package io.flinkgpt2.deploy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;

/** Requests in the words of the bundled model's fairy tales, from a seed: of many lengths, greedy and drawn. */
final class Workload {

    private static final String[] WHO = {
        "The king",
        "An old woman",
        "The youngest son",
        "A poor miller",
        "The fox",
        "Two brothers",
        "The princess",
        "A little bird"
    };
    private static final String[] DID = {
        "went into the forest",
        "sat by the fire",
        "said to his wife",
        "saw a golden apple",
        "could not sleep",
        "came to a great castle",
        "lost the way",
        "found a ring in the well"
    };
    private static final String[] THEN = {
        "and the night was dark", "and nobody knew why", "when the clock struck twelve", "for the winter was hard",
        "but the door was shut", "and there stood a wolf", "because the moon was bright", "and the water began to speak"
    };

    private Workload() {}

    /** So many requests, with the ids {@code p0}, {@code p1} and so on. */
    static List<String> requests(long seed, int count) {
        Random random = new Random(seed);
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add("{\"custom_id\": \"p" + i + "\", \"prompt\": \"" + prompt(random) + "\", \"max_tokens\": "
                    + (16 + random.nextInt(48)) + ", \"temperature\": " + (i % 2 == 0 ? "0" : "0.8") + "}");
        }
        return requests;
    }

    /**
     * Greedy requests of so many random ids each, as {@code bench} has them, with the ids {@code p0}, {@code p1} and so on.
     *
     * @param ids how many ids there are to choose from, those from 0 on
     */
    static List<String> randomIds(long seed, int count, int promptTokens, int maxTokens, int ids) {
        Random random = new Random(seed);
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String prompt = random.ints(promptTokens, 0, ids)
                    .mapToObj(Integer::toString)
                    .collect(Collectors.joining(", "));
            requests.add("{\"custom_id\": \"p" + i + "\", \"prompt\": [" + prompt + "], \"max_tokens\": " + maxTokens
                    + ", \"temperature\": 0}");
        }
        return requests;
    }

    /** Requests of a few words and 1 to 8 tokens. */
    static List<String> small(long seed, int count) {
        Random random = new Random(seed);
        List<String> requests = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            requests.add("{\"custom_id\": \"p" + i + "\", \"prompt\": \"" + begun(random) + "\", \"max_tokens\": "
                    + (1 + random.nextInt(8)) + ", \"temperature\": " + (i % 2 == 0 ? "0" : "0.8") + "}");
        }
        return requests;
    }

    /** One to three sentences, the last of them begun. */
    private static String prompt(Random random) {
        StringBuilder prompt = new StringBuilder();
        for (int sentences = random.nextInt(3); sentences > 0; sentences--) {
            prompt.append(begun(random)).append(", ").append(of(THEN, random)).append(". ");
        }
        return prompt.append(begun(random)).toString();
    }

    private static String begun(Random random) {
        return of(WHO, random) + " " + of(DID, random);
    }

    private static String of(String[] words, Random random) {
        return words[random.nextInt(words.length)];
    }
}
