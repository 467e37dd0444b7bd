package io.flinkgpt2.spec;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A mistake that a test must notice.
 *
 * @param row the row of the specification that is broken: {@code 1.3}, or {@code point 4}
 * @param what the mistake in a few words
 * @param source of the class to change, below {@code io/flinkgpt2}
 * @param original a piece of that source, which is there exactly once
 * @param replacement what stands there instead
 * @param test that must turn red: {@code model.GoldenTest#greedyTokens}, below {@code io.flinkgpt2}
 */
record PlantedMistake(String row, String what, String source, String original, String replacement, TestName test) {

    /** A test method by its class below {@code io.flinkgpt2} and its name. */
    record TestName(String className, String method) {

        static TestName parse(String text) {
            int hash = text.indexOf('#');
            return new TestName("io.flinkgpt2." + text.substring(0, hash), text.substring(hash + 1));
        }

        @Override
        public String toString() {
            return className.substring(className.lastIndexOf('.') + 1) + "#" + method;
        }
    }

    static PlantedMistake mistake(
            String row, String what, String source, String original, String replacement, String test) {
        return new PlantedMistake(row, what, source, original, replacement, TestName.parse(test));
    }

    /** The source's file. */
    Path file(Path sources) {
        return sources.resolve("io/flinkgpt2").resolve(source);
    }

    /**
     * The whole source with the mistake in it.
     *
     * @throws IllegalStateException if the original is not there exactly once
     */
    String plantedSource(Path sources) throws IOException {
        String text = Files.readString(file(sources), StandardCharsets.UTF_8);
        int first = text.indexOf(original);
        if (first < 0 || text.indexOf(original, first + 1) >= 0) {
            throw new IllegalStateException(this + ": found this piece of " + source + " "
                    + (first < 0 ? "nowhere" : "several times") + ", expected it once; mend the table of mistakes: "
                    + original);
        }
        return text.substring(0, first) + replacement + text.substring(first + original.length());
    }

    @Override
    public String toString() {
        return row + " " + what;
    }
}
