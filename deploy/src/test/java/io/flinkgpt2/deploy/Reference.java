package io.flinkgpt2.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The answers that {@code complete} gives to requests, one at a time, for comparison with those of a job. */
final class Reference {

    private static final Duration PATIENCE = Duration.ofHours(1);

    private final Map<String, JsonNode> byId = new HashMap<>();

    private Reference() {}

    /**
     * Completes the requests with the bundled model.
     *
     * @param model what the answers call it: a directory with its files
     * @throws IllegalStateException if a request has no answer
     */
    static Reference of(Path model, List<String> requests) throws IOException, InterruptedException {
        Reference reference = new Reference();
        Command complete = Command.launcher("complete", "--model", model.toString(), "--output", "json")
                .input(String.join("\n", requests));
        try (Running running = complete.start()) {
            Run run = running.await(PATIENCE);
            if (run.exitCode() != 0) {
                throw new IllegalStateException("'complete' ended with " + run.exitCode() + ": " + run.err());
            }
            run.json()
                    .forEach(answer ->
                            reference.byId.put(answer.path("custom_id").textValue(), answer));
        }
        if (reference.byId.size() != requests.size()) {
            throw new IllegalStateException("'complete' answered " + reference.byId.size() + " of " + requests.size());
        }
        return reference;
    }

    /** One line for each answer that is another than the expected one. */
    List<String> differences(Answers answers) {
        List<String> differences = new ArrayList<>();
        byId.forEach((id, expected) -> {
            JsonNode right = Answers.essence(expected);
            for (JsonNode answer : answers.of(id)) {
                if (!Answers.essence(answer).equals(right)) {
                    differences.add(Answers.essence(answer) + "\n   expected " + right);
                }
            }
        });
        return differences;
    }

    /** Whether each request has one answer, and the expected one. */
    boolean isRight(Answers answers) {
        return answers.answered() == byId.size()
                && answers.duplicates() == 0
                && differences(answers).isEmpty()
                && answers.deadLetters().isEmpty();
    }

    /** Prints what differs, the dead letters, and last the line that sums up. */
    void judge(Answers answers, PrintStream out) {
        List<String> differences = differences(answers);
        differences.forEach(difference -> Script.say(out, "differing: %s", difference));
        answers.deadLetters().forEach(letter -> Script.say(out, "dead letter: %s", letter));
        Script.say(
                out,
                "sent=%d answered=%d duplicates=%d differing=%d",
                byId.size(),
                answers.answered(),
                answers.duplicates(),
                differences.size());
    }
}
