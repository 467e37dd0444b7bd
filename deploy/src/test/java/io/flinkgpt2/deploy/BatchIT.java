package io.flinkgpt2.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of prompts to files of answers by one command: all of them, in order, whatever ends the command before it is done. */
class BatchIT {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** Prompts of the long tests; the property batch.prompts asks for more. */
    private static final int MANY = Integer.getInteger("batch.prompts", 1_000);

    private static final String[] WORDS =
            "once upon a time there was a king who had three sons and the youngest of them went into the wood"
                    .split(" ");

    @TempDir
    private Path directory;

    private static String prompt(int number) {
        StringBuilder prompt = new StringBuilder();
        for (int i = 0; i < 3 + number % 5; i++) {
            prompt.append(i == 0 ? "" : " ").append(WORDS[(number * 7 + i * 5) % WORDS.length]);
        }
        return prompt.toString();
    }

    private static List<String> prompts(int count) {
        List<String> prompts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            prompts.add(prompt(i));
        }
        return prompts;
    }

    private Command batch(String in, String out, String... more) {
        return Command.launcher("batch", "-i", in, "-o", out, "--parallelism", "2")
                .with(more)
                .in(directory);
    }

    private List<String> lines(String file) throws IOException {
        return Files.readAllLines(directory.resolve(file), UTF_8);
    }

    private List<JsonNode> json(String file) throws IOException {
        List<JsonNode> values = new ArrayList<>();
        for (String line : lines(file)) {
            values.add(MAPPER.readTree(line));
        }
        return values;
    }

    private static JsonNode body(JsonNode answer) {
        return answer.has("response") ? answer.path("response").path("body") : answer;
    }

    private void assertNothingElseIsLeft(String... names) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder(names);
        }
    }

    @Test
    void requestsAreAnsweredInOrderAsCompleteAnswersThem() throws Exception {
        StringBuilder requests = new StringBuilder();
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            String id = "request-" + i;
            ObjectNode body = MAPPER.createObjectNode().put("prompt", prompt(i)).put("max_tokens", 1 + i % 12);
            if (i % 3 == 0) {
                body.put("n", 2);
            }
            ObjectNode line = i % 4 == 1
                    ? MAPPER.createObjectNode()
                            .put("custom_id", id)
                            .put("method", "POST")
                            .put("url", "/v1/completions")
                    : body.put("custom_id", id);
            if (line != body) {
                line.set("body", body);
            }
            if (i == 17) {
                body.put("temperature", -1);
            } else {
                ids.add(id);
            }
            requests.append(line).append(i % 5 == 0 ? "\r\n" : "\n").append(i == 9 ? "\n" : "");
        }
        Files.writeString(directory.resolve("in.jsonl"), requests);

        Run run = batch("in.jsonl", "out.jsonl", "--top-p", "0.8", "--output", "json")
                .run();

        assertThat(run.exitCode()).as(run.err()).isEqualTo(3);
        JsonNode summary = MAPPER.readTree(run.out());
        assertThat(summary.path("answered").asInt()).isEqualTo(39);
        assertThat(summary.path("errors").asInt()).isEqualTo(1);
        List<JsonNode> answers = json("out.jsonl");
        assertThat(answers.stream().map(answer -> answer.path("custom_id").asText()))
                .isEqualTo(ids);
        assertThat(answers.stream().filter(answer -> answer.has("response"))).hasSize(9);
        Run alone = Command.launcher(
                        "complete", "--model", Command.bundledModel().toString(), "--output", "json")
                .with("--top-p", "0.8")
                .input(requests.toString())
                .run();
        Map<String, JsonNode> expected = new HashMap<>();
        alone.json()
                .forEach(answer -> expected.put(body(answer).path("custom_id").asText(), body(answer)));
        for (JsonNode answer : answers) {
            JsonNode other = expected.get(answer.path("custom_id").asText());
            for (int choice = 0; choice < body(answer).path("choices").size(); choice++) {
                assertThat(body(answer).path("choices").path(choice).path("text"))
                        .isEqualTo(other.path("choices").path(choice).path("text"));
            }
            assertThat(body(answer).path("choices")).hasSameSizeAs(other.path("choices"));
        }
        JsonNode error = json("out.errors.jsonl").get(0);
        assertThat(error.path("line").asInt()).isEqualTo(19);
        assertThat(error.path("error").path("param").asText()).isEqualTo("temperature");
        assertThat(new String(Base64.getDecoder().decode(error.path("value").asText()), UTF_8))
                .contains("\"temperature\":-1")
                .doesNotContain("\n");
        assertNothingElseIsLeft("in.jsonl", "out.jsonl", "out.errors.jsonl");
    }

    /** Waits for a checkpoint, and so that there is something to go on with. */
    private void awaitCheckpoint(Path run, Running running) {
        Awaitility.await("a checkpoint")
                .atMost(Running.PATIENCE)
                .failFast(
                        "the process has ended",
                        () -> ProcessHandle.of(running.pid()).isEmpty())
                .until(() -> {
                    Path checkpoints = run.resolve("flink/checkpoints");
                    if (!Files.isDirectory(checkpoints)) {
                        return false;
                    }
                    try (Stream<Path> files = Files.walk(checkpoints)) {
                        return files.anyMatch(file -> file.endsWith("_metadata"));
                    } catch (java.io.UncheckedIOException e) {
                        return false; // a checkpoint was deleted while it was looked at
                    }
                });
    }

    @Test
    void aRunThatIsKilledGoesOnWhereItWas() throws Exception {
        Files.write(directory.resolve("in.txt"), prompts(160));
        String[] options = {"--max-tokens", "24", "--checkpoint.interval", "200 ms", "--batch-size", "4"};
        Path run = directory.resolve(".out.txt.run");

        Run other;
        try (Running first = batch("in.txt", "out.txt", options).start()) {
            awaitCheckpoint(run, first);
            other = batch("in.txt", "out.txt", options).run();
            first.signal("KILL");
            assertThat(first.await().exitCode()).isEqualTo(137);
        }

        assertThat(other.exitCode()).isEqualTo(1);
        assertThat(other.err()).contains("found another run that writes to it");
        assertThat(directory.resolve("out.txt")).doesNotExist();
        FileTime time = Files.getLastModifiedTime(directory.resolve("in.txt"));
        Files.writeString(directory.resolve("in.txt"), "one more\n", APPEND);
        Run changed = batch("in.txt", "out.txt", "--max-tokens", "25").run();
        assertThat(changed.exitCode()).isEqualTo(2);
        assertThat(changed.err())
                .contains("request.max_tokens was \"24\", is \"25\"")
                .containsPattern("in\\.txt bytes was \\d+, is \\d+")
                .containsPattern("in\\.txt digest was \"\\w+\", is \"\\w+\"")
                .contains("--restart");
        Files.write(directory.resolve("in.txt"), prompts(160));
        Files.setLastModifiedTime(directory.resolve("in.txt"), time);
        Run second = batch("in.txt", "out.txt", options).run();
        assertThat(second.exitCode()).as(second.err()).isZero();
        assertThat(second.err()).contains("Going on where an earlier process was.");
        assertThat(second.out()).contains("160 prompts: 160 answered");
        Run alone = Command.launcher(
                        "complete", "--model", Command.bundledModel().toString(), "--output", "json")
                .with("--max-tokens", "24")
                .input(idsOfLines(lines("in.txt")))
                .run();
        assertThat(lines("out.txt"))
                .isEqualTo(alone.json().stream().map(BatchIT::textLine).toList());
        assertNothingElseIsLeft("in.txt", "out.txt");
    }

    /** Returns the requests that lines of in.txt stand for: without an id of its own each has that of its place. */
    private static String idsOfLines(List<String> lines) {
        StringBuilder requests = new StringBuilder();
        long offset = 0;
        for (String line : lines) {
            ObjectNode request = MAPPER.createObjectNode().put("prompt", line).put("custom_id", "in.txt-" + offset);
            requests.append(request).append('\n');
            offset += line.getBytes(UTF_8).length + 1;
        }
        return requests.toString();
    }

    private static String textLine(JsonNode answer) {
        String text = answer.path("choices").path(0).path("text").asText();
        return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
    }

    @Tag("full")
    @ParameterizedTest
    @CsvSource({"KILL, 137", "INT, 130", "TERM, 143"})
    void whateverEndsTheCommandTheAnswersAreThoseOfAnUndisturbedRun(String signal, int exitCode) throws Exception {
        Files.write(directory.resolve("in.txt"), prompts(MANY));
        String[] options = {"--max-tokens", "12", "--checkpoint.interval", "500 ms"};
        assertThat(batch("in.txt", "undisturbed.txt", options).run().exitCode()).isZero();
        Path run = directory.resolve(".out.txt.run");

        // Before the first answer, with answers in flight, and later; then to the end.
        try (Running first = batch("in.txt", "out.txt", options).start()) {
            first.awaitErr("Starting Flink");
            first.signal(signal);
            assertThat(first.await().exitCode()).isEqualTo(exitCode);
        }
        for (int moment = 0; moment < 2; moment++) {
            try (Running next = batch("in.txt", "out.txt", options).start()) {
                next.awaitErr("Starting Flink");
                awaitCheckpoint(run, next);
                Thread.sleep(400L * (moment + 1));
                next.signal(signal);
                assertThat(next.await().exitCode()).isEqualTo(exitCode);
            }
        }
        assertThat(directory.resolve("out.txt")).doesNotExist();
        Run last = batch("in.txt", "out.txt", options).run();

        assertThat(last.exitCode()).as(last.err()).isZero();
        assertThat(last.err()).contains("Going on");
        assertThat(directory.resolve("out.txt")).hasSameBinaryContentAs(directory.resolve("undisturbed.txt"));
        assertNothingElseIsLeft("in.txt", "out.txt", "undisturbed.txt");
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anInputThatChangesMeanwhileIsToldAndLeavesNoAnswers(boolean longer) throws Exception {
        List<String> prompts = prompts(MANY);
        Files.write(directory.resolve("in.txt"), prompts);
        String[] options = {"--max-tokens", "12", "--checkpoint.interval", "500 ms"};

        Run changed;
        try (Running running = batch("in.txt", "out.txt", options).start()) {
            awaitCheckpoint(directory.resolve(".out.txt.run"), running);
            if (longer) {
                Files.writeString(directory.resolve("in.txt"), "one more\n", APPEND);
            } else {
                Files.write(directory.resolve("in.txt"), prompts.subList(0, MANY - 1));
            }
            changed = running.await();
        }
        Run again = batch("in.txt", "out.txt", options).run();
        assertThat(directory.resolve("out.txt")).doesNotExist();
        Run restarted = batch("in.txt", "out.txt", options).with("--restart").run();

        assertThat(changed.exitCode()).as(changed.err()).isEqualTo(1);
        assertThat(changed.err()).contains("in.txt bytes was").contains("--restart");
        assertThat(again.exitCode()).isEqualTo(2);
        assertThat(again.err()).contains("in.txt bytes was").contains("--restart");
        assertThat(restarted.exitCode()).as(restarted.err()).isZero();
        assertThat(lines("out.txt")).hasSize(longer ? MANY + 1 : MANY - 1);
    }

    @Tag("full")
    @ParameterizedTest
    @ValueSource(strings = {"jsonl", "text", "csv", "tsv", "parquet"})
    void eachFormatHasAllAnswersInOrder(String format) throws Exception {
        List<String> rows = new ArrayList<>(List.of("n,prompt,tag"));
        for (int i = 0; i < MANY; i++) {
            rows.add(i + ",\"" + prompt(i) + (i % 3 == 0 ? ",\n\"\"more\"\"" : "") + "\",tag " + i % 7);
        }
        Files.write(directory.resolve("in.csv"), rows);

        // There and back: what was written is read again, with its columns.
        Run there = batch("in.csv", "between." + format, "--format", format, "--max-tokens", "4")
                .run();
        assertThat(there.exitCode()).as(there.err()).isZero();

        if (format.equals("jsonl")) {
            List<JsonNode> answers = json("between.jsonl");
            assertThat(answers).hasSize(MANY);
            for (int i = 0; i < MANY; i++) {
                JsonNode metadata = answers.get(i).path("metadata");
                assertThat(metadata.path("n").asText()).isEqualTo(Integer.toString(i));
                assertThat(metadata.path("tag").asText()).isEqualTo("tag " + i % 7);
            }
        } else if (format.equals("text")) {
            assertThat(lines("between.text")).hasSize(MANY);
        } else {
            Run back = batch("between." + format, "back.jsonl", "--max-tokens", "4")
                    .run();
            assertThat(back.exitCode()).as(back.err()).isZero();
            List<JsonNode> answers = json("back.jsonl");
            assertThat(answers).hasSize(MANY);
            for (int i = 0; i < MANY; i++) {
                JsonNode metadata = answers.get(i).path("metadata");
                assertThat(metadata.path("n").asText()).isEqualTo(Integer.toString(i));
                assertThat(metadata.path("tag").asText()).isEqualTo("tag " + i % 7);
                assertThat(metadata.path("completion").asText()).isNotEmpty();
                assertThat(metadata.path("finish_reason").asText()).isNotEmpty();
            }
        }
    }

    @Tag("full")
    @Test
    void aDiskThatIsFullEndsTheRunWhichGoesOnWhenThereIsRoom() throws Exception {
        try (SmallDisk disk = SmallDisk.mount(directory.resolve("disk")).orElseThrow()) {
            Files.write(disk.path().resolve("in.txt"), prompts(MANY));
            disk.fill();
            String in = disk.path() + "/in.txt";
            String out = disk.path() + "/out.txt";

            Run full = batch(in, out, "--max-tokens", "4").run();
            assertThat(full.exitCode()).isEqualTo(1);
            assertThat(full.err()).contains("No space left on device");
            disk.free();
            Run free = batch(in, out, "--max-tokens", "4").run();

            assertThat(free.exitCode()).as(free.err()).isZero();
            assertThat(Files.readAllLines(Path.of(out))).hasSize(MANY);
        }
    }
}
