package io.flinkgpt2.job;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A file of requests of every kind, for a max-context of 128 and a vocabulary that has the ids below 1000. */
final class MixedRequests {
    static final int COUNT = 64;

    /** How many of them are not valid. */
    static final int INVALID = 4;

    /** More than a block of the KV cache, so that those who begin with it may share. */
    private static final String STEM =
            "Once upon a time there was a king who had three sons and a daughter. The eldest "
                    + "went into the forest to look for the golden bird, and he met an old woman who asked him for bread. He "
                    + "gave her nothing and went on his way, and when night came he lost himself among the trees.";

    private static final List<String> INVALID_BODIES = List.of(
            "\"prompt\":\"Hi\",\"max_token\":4",
            "\"prompt\":\"Hi\",\"temperature\":-1",
            "\"prompt\":[1,99999999]",
            "\"prompt\":\"" + STEM.repeat(4) + "\"");

    private MixedRequests() {}

    /** Returns the lines, in an order that a seed fixes; each valid one has a {@code custom_id} of its own. */
    static List<String> lines() {
        Random random = new Random(13);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            String id = "\"custom_id\":\"m-" + i + "\"";
            boolean invalid = i % (COUNT / INVALID) == 5;
            String body = invalid
                    ? INVALID_BODIES.get(i / (COUNT / INVALID))
                    : prompt(i, random) + ",\"max_tokens\":" + (i % 21 == 0 ? 0 : 1 + random.nextInt(24))
                            + sampling(i, random);
            lines.add(
                    i % 5 == 0
                            ? "{" + id + ",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{" + body + "}}"
                            : "{" + id + "," + body + "}");
        }
        return lines;
    }

    private static String prompt(int i, Random random) {
        return switch (i % 8) {
            case 0, 1 -> "\"prompt\":\"" + STEM.substring(0, STEM.length() - random.nextInt(100)) + " And " + i + "\"";
            case 2 -> "\"prompt\":" + ids(1 + random.nextInt(100), random);
            case 3 -> "\"prompt\":[" + ids(1 + random.nextInt(10), random) + "]";
            case 4 -> "\"prompt\":[\"The fox said \\u00e9\\ud83d\\ude00\"]";
            case 5 ->
                "\"prompt\":\"" + STEM.repeat(3) + "\",\"truncate_prompt\":\"" + (i % 16 < 8 ? "left" : "right") + "\"";
            case 6 -> "\"prompt\":\"\",\"stop\":[],\"n\":1.0";
            default -> "\"prompt\":\"The end<|endoftext|>\",\"allow_special_tokens\":true";
        };
    }

    private static String ids(int count, Random random) {
        return random.ints(count, 0, 1000).boxed().toList().toString();
    }

    private static String sampling(int i, Random random) {
        String seed = i % 3 == 0 ? ",\"seed\":" + random.nextLong() : "";
        return switch (i % 4) {
            case 0 -> ",\"temperature\":0";
            case 1 -> seed + ",\"temperature\":0.8,\"top_k\":" + random.nextInt(50);
            case 2 -> seed + ",\"temperature\":1.3,\"top_p\":0.9,\"metadata\":{\"line\":" + i + "}";
            default -> seed + ",\"user\":\"u" + i + "\"";
        };
    }
}
