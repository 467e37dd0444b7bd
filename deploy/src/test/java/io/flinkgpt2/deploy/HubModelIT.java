package io.flinkgpt2.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model by its name on the hub, in each command that takes a model; the second start needs no network. */
class HubModelIT {

    private static final List<String> FILES = List.of("config.json", "model.safetensors");
    private static final String PROMPT =
            "{\"custom_id\": \"a\", \"prompt\": \"Once upon a time\", \"max_tokens\": 8}\n";

    @TempDir
    private Path temporary;

    @Test
    void completeAndTokenizeFetchAModelOnce() throws Exception {
        Path cache = temporary.resolve("cache");
        String[] complete = {"complete", "--model", LocalHub.MODEL, "--temperature", "0", "--output", "json"};
        Run first;
        Run second;
        Run tokens;
        try (LocalHub hub = new LocalHub(Command.bundledModel(), FILES)) {
            first = hub.launcher(cache, complete).input(PROMPT).run();
            hub.stop();
            second = hub.launcher(cache, complete)
                    .input(PROMPT.replace("{", "{\"model\": \"" + LocalHub.MODEL + "@main\", "))
                    .run();
            tokens = hub.launcher(cache, "tokenize", "--model", LocalHub.MODEL + "@main")
                    .input("{\"text\": \"Hello world\"}\n")
                    .run();
        }
        Run byPath = Command.launcher(
                        "complete", "--model", Command.bundledModel().toString())
                .with("--temperature", "0", "--output", "json")
                .input(PROMPT)
                .run();

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.err()).contains("fetching model.safetensors: ", " of 15.3 MB");
        assertThat(LocalHub.cached(cache)).containsAll(FILES);
        assertThat(second.exitCode()).as(second.err()).isZero();
        assertThat(second.err()).isEmpty();
        JsonNode expected = byPath.json().get(0);
        for (Run run : List.of(first, second)) {
            JsonNode completion = run.json().get(0);
            assertThat(completion.path("model").textValue()).isEqualTo("tales");
            for (String field : List.of("choices", "usage", "model_revision", "system_fingerprint")) {
                assertThat(completion.path(field)).isEqualTo(expected.path(field));
            }
        }
        assertThat(tokens.exitCode()).as(tokens.err()).isZero();
        assertThat(Run.tokenIds(tokens.json().get(0).path("token_ids"))).containsExactly(15496, 995);
    }

    @Test
    void theJobFetchesAModelOnce() throws Exception {
        Path cache = temporary.resolve("cache");
        Path prompts = Files.writeString(
                temporary.resolve("prompts.jsonl"),
                PROMPT
                        + PROMPT.replace("{", "{\"model\": \"tales\", ")
                        + PROMPT.replace("{", "{\"model\": \"" + LocalHub.MODEL + "\", ")
                        + PROMPT.replace("{", "{\"model\": \"fairytales\", "));
        Run first;
        Run second;
        try (LocalHub hub = new LocalHub(Command.bundledModel(), FILES)) {
            first = demo(hub, cache, prompts, "first").run();
            hub.stop();
            second = demo(hub, cache, prompts, "second").run();
        }

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(first.err()).contains("fetching model.safetensors: ");
        assertThat(second.exitCode()).as(second.err()).isZero();
        assertThat(second.err()).doesNotContain("fetching").contains("model " + cache.resolve("models"));
        List<JsonNode> completions = completions("first");
        assertThat(completions).hasSize(3).allSatisfy(completion -> {
            assertThat(completion.path("model").textValue()).isEqualTo("tales");
            assertThat(completion.path("error").isNull()).isTrue();
        });
        assertThat(completions("second"))
                .extracting(Run::text)
                .containsExactlyElementsOf(completions.stream().map(Run::text).toList());
        assertThat(Run.jsonLines(temporary.resolve("first/dead-letters.jsonl")))
                .singleElement()
                .satisfies(letter ->
                        assertThat(letter.at("/error/code").textValue()).isEqualTo("model_not_found"));
    }

    private Command demo(LocalHub hub, Path cache, Path prompts, String out) {
        return hub.launcher(cache, "demo", "--model", LocalHub.MODEL)
                .with("--prompts", prompts.toString(), "--parallelism", "1")
                .with("--out", temporary.resolve(out).toString());
    }

    private List<JsonNode> completions(String out) throws IOException {
        return Run.jsonLines(temporary.resolve(out).resolve("completions.jsonl"));
    }
}
