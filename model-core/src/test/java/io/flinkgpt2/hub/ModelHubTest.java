package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.flinkgpt2.pretrained.Pretrained;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fetching, and finding what was fetched. */
class ModelHubTest extends HubTestCase {

    @ParameterizedTest
    @ValueSource(strings = {"tied-tanh", "scaled-sharded-bf16"})
    void fetchesAModelThatOpens(String golden) throws IOException {
        Map<String, byte[]> files = server.serveGolden(golden);

        Path directory = fetch();

        assertHolds(directory, files);
        assertThat(Pretrained.open(directory).revision())
                .isEqualTo(Pretrained.open(HubServer.golden(golden)).revision());
    }

    @Test
    void aSecondStartNeedsNoNetwork() throws IOException {
        server.serveGolden("tied-tanh");
        Path first = fetch();
        server.close();

        assertThat(fetch()).isEqualTo(first);
        assertThat(hub(settings().withOffline(true), LIMITS).resolve(NAME, FetchProgress.NONE))
                .isEqualTo(first);
    }

    @Test
    void offlineModeNamesWhatIsMissingAndAsksNobody() throws IOException {
        server.serveGolden("tied-tanh");
        ModelHub offline = hub(settings().withOffline(true), LIMITS);

        assertThat(failure(offline))
                .contains("model someone/tiny", "nothing of it in " + directory(), "offline mode is on")
                .contains("flink-gpt2 fetch someone/tiny", "FLINK_GPT2_OFFLINE");
        assertThat(server.requests()).isEmpty();
        assertThat(directory()).doesNotExist();

        fetch();
        int before = server.requests().size();
        Files.delete(directory().resolve("config.json"));
        assertThat(failure(offline)).contains("no config.json of the right size in " + directory());
        assertThat(server.requests()).hasSize(before);
    }

    @ParameterizedTest
    @CsvSource({
        "model.safetensors pytorch_model.bin model.gguf model.safetensors.index.json, model.safetensors",
        "pytorch_model.bin pytorch_model.bin.index.json model.gguf tf_model.h5, pytorch_model.bin",
        "model.gguf tf_model.h5, model.gguf",
    })
    void takesTheBestWeightsAndNothingElse(String listed, String taken) throws IOException {
        String ofTokenizer = " vocab.json merges.txt tokenizer.json tokenizer_config.json special_tokens_map.json"
                + " added_tokens.json";
        String others = " config.json generation_config.json README.md .gitattributes vocab.txt";
        server.serveNames((listed + others + ofTokenizer).split(" "));

        // A GGUF file has its tokenizer inside.
        String wanted = "config.json generation_config.json manifest.json " + taken
                + (taken.endsWith(".gguf") ? "" : ofTokenizer);
        assertThat(HubServer.files(fetch())).containsOnlyKeys(wanted.split(" "));
    }

    @ParameterizedTest
    @ValueSource(strings = {"vocab.txt", "spiece.model", "tokenizer.model", "tokenizer.json vocab.json"})
    void rule2_1_takesTheTokenizerThatIsThereWhateverItsKind(String tokenizer) throws IOException {
        server.serveNames(("config.json model.safetensors " + tokenizer).split(" "));

        assertThat(HubServer.files(fetch())).containsKeys(tokenizer.split(" "));
    }

    @ParameterizedTest
    @CsvSource({"vocab.json, merges.txt", "merges.txt, vocab.json"})
    void halfAVocabularyIsNamed(String there, String missing) {
        server.serveNames("config.json", "model.safetensors", there);

        assertThat(failure()).contains("found " + there + " without " + missing, "expected both, or a tokenizer.json");
    }

    @Test
    void takesTheShardsOfAPytorchIndex() throws IOException {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("config.json", bytes("{}"));
        files.put("pytorch_model.bin.index.json", bytes("""
                {"metadata": {"total_size": 3, "weight_map": 1},
                 "weight_map": {"a": "pytorch_model-1.bin", "b": "pytorch_model-2.bin", "c": "pytorch_model-1.bin"}}"""));
        files.put("pytorch_model-1.bin", bytes("one"));
        files.put("pytorch_model-2.bin", bytes("two"));
        server.serve(HubServer.REPOSITORY, "main", files);

        assertHolds(fetch(), files);
    }

    @Test
    void aGgufFileNeedsNoConfig() throws IOException {
        server.serveNames("tiny-q8.gguf");
        assertThat(HubServer.files(fetch())).containsOnlyKeys("tiny-q8.gguf", Manifest.FILE);
    }

    @Test
    void saysWhyFilesMakeNoModel() {
        server.serveNames("config.json", "tf_model.h5");
        assertThat(failure()).contains("no weights among 'config.json, tf_model.h5'", "model.safetensors");

        server.serveNames("a.gguf", "b.gguf");
        assertThat(failure())
                .contains("several GGUF files: 'a.gguf, b.gguf'", "as someone/tiny/a.gguf", "as owner/name:Q8_0");

        server.serveNames("model.safetensors");
        assertThat(failure()).contains("no config.json beside model.safetensors");

        server.serve(
                HubServer.REPOSITORY,
                "main",
                Map.of(
                        "config.json",
                        bytes("{}"),
                        "model.safetensors.index.json",
                        bytes("{\"weight_map\": {\"a\": \"other.safetensors\"}}")));
        assertThat(failure()).contains("no 'other.safetensors'");
    }

    @Test
    void aChosenGgufFileIsFetchedAloneIntoADirectoryOfItsOwn() throws IOException {
        server.serveNames("config.json", "model.safetensors", "m.Q4_0.gguf", "m.Q8_0.gguf");
        HubName byQuantisation = HubName.parse("someone/tiny:q8_0");
        Path directory = hub().resolve(byQuantisation, FetchProgress.NONE);
        assertThat(HubServer.files(directory)).containsOnlyKeys("m.Q8_0.gguf", Manifest.FILE);
        assertThat(directory).isEqualTo(home.resolve("models/someone/tiny@main@q8_0"));
        assertThat(HubServer.files(fetch())).containsKey("model.safetensors");
        Path byName = hub().resolve(HubName.parse("someone/tiny/m.Q4_0.gguf"), FetchProgress.NONE);
        assertThat(HubServer.files(byName)).containsOnlyKeys("m.Q4_0.gguf", Manifest.FILE);
        assertThat(hub().models())
                .extracting(model -> model.name().toString())
                .containsExactly("someone/tiny", "someone/tiny/m.Q4_0.gguf", "someone/tiny:q8_0");
        // Complete, so that no network is needed.
        int requests = server.requests().size();
        assertThat(hub().resolve(byQuantisation, FetchProgress.NONE)).isEqualTo(directory);
        assertThat(server.requests()).hasSize(requests);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "Q6_K | no such file among 'm.Q4_K_M.gguf",
                "Q4_K | several: 'm.Q4_K_M.gguf, m.Q4_K_S.gguf'",
                "m.Q6_K.gguf | no such file among 'm.Q4_K_M.gguf"
            })
    void saysWhichGgufFilesThereAre(String choice, String found) {
        server.serveNames("m.Q4_K_M.gguf", "m.Q4_K_S.gguf", "m.Q8_0.gguf");
        HubName name = new HubName(HubServer.REPOSITORY, "main", Optional.of(choice));
        assertThatThrownBy(() -> hub().resolve(name, FetchProgress.NONE))
                .isInstanceOf(ModelHubException.class)
                .hasMessageContaining(found)
                .hasMessageContaining("name one of them, as someone/tiny/m.Q4_K_M.gguf");
    }

    @Test
    void publishedNamesHaveTheirOwners() throws IOException {
        server.serve("openai-community/gpt2", "main", Map.of("model.gguf", bytes("one")));
        server.serve("distilbert/distilgpt2", "main", Map.of("model.gguf", bytes("two")));

        assertThat(hub().resolve(HubName.parse("gpt2"), FetchProgress.NONE))
                .isEqualTo(home.resolve("models/openai-community/gpt2@main"));
        assertThat(hub().resolve(HubName.parse("distilgpt2"), FetchProgress.NONE)
                        .resolve("model.gguf"))
                .hasBinaryContent(bytes("two"));
    }

    @Test
    void publishedNamesAreFoundOnAMirrorWithoutOwners() throws IOException {
        server.serve("gpt2-xl", "main", Map.of("model.gguf", bytes("xl")));

        assertThat(hub().resolve(HubName.parse("gpt2-xl"), FetchProgress.NONE).resolve("model.gguf"))
                .hasBinaryContent(bytes("xl"));
    }

    @Test
    void followsTheHubWhereARepositoryWasRenamed() throws IOException {
        Map<String, byte[]> files = Map.of("model.gguf", bytes("renamed"));
        server.serve("new/tiny", "main", files);
        server.next(
                "/api/models/someone/tiny/tree/main",
                HubServer.status(307, "Location", "/api/models/new/tiny/tree/main"));
        server.next(
                "/someone/tiny/resolve/main/model.gguf",
                HubServer.status(307, "Location", "/new/tiny/resolve/main/model.gguf"));

        assertHolds(fetch(), files);
    }

    @Test
    void revisionsHaveDirectoriesOfTheirOwn() throws IOException {
        server.serve(HubServer.REPOSITORY, "main", Map.of("model.gguf", bytes("new")));
        server.serve(HubServer.REPOSITORY, "refs/pr/1", Map.of("model.gguf", bytes("proposed")));

        Path main = fetch();
        Path proposed = hub().resolve(HubName.parse("someone/tiny@refs/pr/1"), FetchProgress.NONE);

        assertThat(main.resolve("model.gguf")).hasBinaryContent(bytes("new"));
        assertThat(proposed.resolve("model.gguf")).hasBinaryContent(bytes("proposed"));
        assertThat(proposed).isEqualTo(home.resolve("models/someone/tiny@refs%2Fpr%2F1"));
        assertThat(hub().models())
                .extracting(model -> model.name().toString())
                .containsExactly("someone/tiny", "someone/tiny@refs/pr/1");
    }

    @Test
    void readsAListOfSeveralPages() throws IOException {
        server.serveNames("config.json", "model.safetensors");
        server.next("/tree/main", (exchange, content) -> {
            exchange.getResponseHeaders()
                    .add("Link", "<" + server.address() + "/api/models/someone/tiny/tree/main?cursor=2>; rel=\"next\"");
            HubServer.sendAll(exchange, bytes("[]"));
        });

        assertThat(HubServer.files(fetch())).containsKeys("config.json", "model.safetensors");
        assertThat(server.requests("/tree/main")).hasSize(2);
    }

    @Test
    void fetchesOnlyWhatIsMissing() throws IOException {
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        Files.delete(fetch().resolve("config.json"));

        assertHolds(fetch(), files);
        assertThat(server.requests("/config.json")).hasSize(2);
        assertThat(server.requests("/model.safetensors")).hasSize(1);
    }

    @Test
    void fetchesAgainWhatWasDamagedWithoutAManifest() throws IOException {
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        Path weights = fetch().resolve("model.safetensors");
        byte[] damaged = files.get("model.safetensors").clone();
        damaged[damaged.length / 2] ^= 1;
        Files.write(weights, damaged);
        Files.delete(directory().resolve(Manifest.FILE));

        assertHolds(fetch(), files);
    }

    @Test
    void aDamagedManifestCountsAsNone() throws IOException {
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        Path manifest = fetch().resolve(Manifest.FILE);
        for (String damaged : List.of(
                "",
                "{",
                "[]",
                "{\"format\": 2}",
                "{\"format\": 1, \"files\": []}",
                "{\"format\": 1, \"files\": [{\"name\": \"../x\", \"size\": 1, \"sha256\": \"" + "0".repeat(64)
                        + "\"}]}")) {
            Files.writeString(manifest, damaged);
            assertThat(hub().models()).singleElement().matches(model -> !model.complete());
            assertHolds(fetch(), files);
        }
    }

    @Test
    void removesWhatTheListNoLongerHas() throws IOException {
        server.serveNames("config.json", "model.safetensors", "vocab.json", "merges.txt");
        Files.delete(fetch().resolve("config.json"));
        Files.writeString(directory().resolve("notes.txt"), "mine");
        server.serveNames("config.json", "pytorch_model.bin");

        assertThat(HubServer.files(fetch()))
                .containsOnlyKeys("config.json", "pytorch_model.bin", "notes.txt", Manifest.FILE);
    }

    @Test
    void tellsItsProgress() throws IOException {
        Map<String, byte[]> files = server.serveGolden("scaled-sharded-bf16");
        long total =
                files.values().stream().mapToLong(content -> content.length).sum();
        List<String> seen = new ArrayList<>();
        List<Long> done = new ArrayList<>();
        List<Long> totals = new ArrayList<>();

        hub().resolve(NAME, (file, bytes, all) -> {
            seen.add(file);
            done.add(bytes);
            totals.add(all);
        });

        assertThat(seen).containsAll(files.keySet());
        assertThat(done).isNotEmpty().last().isEqualTo(total);
        assertThat(totals).isSorted().last().isEqualTo(total);
    }

    @Test
    void refusesToBeginWithoutRoom() throws IOException {
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        long total =
                files.values().stream().mapToLong(content -> content.length).sum();
        ModelHub full = new ModelHub(settings(), LIMITS, directory -> total - 1);
        ModelHub enough = new ModelHub(settings(), LIMITS, directory -> total);

        assertThat(failure(full))
                .contains(String.format("%,d bytes free", total - 1), String.format("%,d bytes", total))
                .contains("FLINK_GPT2_HOME");
        assertThat(server.requests("/model.safetensors")).isEmpty();
        assertHolds(enough.resolve(NAME, FetchProgress.NONE), files);
    }

    @Test
    void listsWhatIsThere() throws IOException {
        assertThat(hub().models()).isEmpty();
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        fetch();
        Path partial = Files.createDirectories(home.resolve("models/openai-community/gpt2@main"));
        Files.write(partial.resolve("model.safetensors.0123456789ab.part"), new byte[10]);
        Files.createDirectories(home.resolve("models/openai-community/gpt2-xl@main"));
        Files.createDirectories(home.resolve("models/-/-"));

        List<CachedModel> models = hub().models();

        assertThat(models).extracting(model -> model.name().toString()).containsExactly("gpt2", "someone/tiny");
        assertThat(models.get(0)).matches(model -> !model.complete() && model.bytes() == 10);
        assertThat(models.get(1).complete()).isTrue();
        assertThat(models.get(1).files())
                .containsExactly(
                        new CachedModel.CachedFile("config.json", files.get("config.json").length),
                        new CachedModel.CachedFile("model.safetensors", files.get("model.safetensors").length));
    }

    @Test
    void namesACacheThatCannotBeWritten() throws IOException {
        server.serveGolden("tied-tanh");
        Path file = Files.writeString(home.resolve("models"), "in the way");

        assertThatThrownBy(this::fetch)
                .isInstanceOf(IOException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining("FLINK_GPT2_HOME");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
