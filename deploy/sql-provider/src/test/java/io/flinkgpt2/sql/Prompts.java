package io.flinkgpt2.sql;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Prompts of many lengths, some of them hostile, that differ from each other. */
final class Prompts {

    private static final List<String> BEGINNINGS = List.of(
            "Once upon a time there was a",
            "The king said",
            "In the forest",
            "日本語の物語",
            "\"Who is there?\" cried",
            "<|endoftext|> is not special",
            "\n\n",
            "a\tb \uD83D\uDC78\uD83C\uDFFD");

    private Prompts() {}

    /** Returns prompts, each with a number of its own, the same for the same seed. */
    static List<String> of(int count, long seed) {
        Random random = new Random(seed);
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String beginning = BEGINNINGS.get(random.nextInt(BEGINNINGS.size()));
            prompts.add(beginning + " and then".repeat(random.nextInt(8)) + " " + i);
        }
        return prompts;
    }
}
