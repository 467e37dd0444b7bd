package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Hubs that lie: about sizes, hashes, names and addresses. */
class ModelHubHostileTest extends HubTestCase {

    private static final String WEIGHTS = "model.safetensors";

    private Map<String, byte[]> files;
    private int size;

    @BeforeEach
    void serve() throws IOException {
        files = server.serveGolden("tied-tanh");
        size = files.get(WEIGHTS).length;
    }

    @Test
    void aLieAboutTheHashOfALargeFileIsCaught() throws IOException {
        byte[] forged = files.get(WEIGHTS).clone();
        forged[size - 1] ^= 1;
        server.always("/" + WEIGHTS, (exchange, content) -> HubServer.send(exchange, forged));

        assertThat(failure())
                .contains("model someone/tiny, file model.safetensors", "found the content with the checksum ")
                .contains("expected SHA-256 ", "as the hub lists it");
        assertNothingOfTheWeights();
    }

    @Test
    void aLieAboutTheHashOfASmallFileIsCaught() {
        server.always("/config.json", (exchange, content) -> {
            byte[] forged = content.clone();
            forged[0] = '[';
            HubServer.send(exchange, forged);
        });

        assertThat(failure())
                .contains("file config.json", "expected git blob " + HubServer.gitBlob(files.get("config.json")));
        assertThat(HubServer.files(directory())).isEmpty();
    }

    @Test
    void aForgedRestIsCaughtToo() throws IOException {
        byte[] forged = files.get(WEIGHTS).clone();
        forged[size - 1] ^= 1;
        server.next(
                "/" + WEIGHTS, HubServer.breakAfter(100_000), (exchange, content) -> HubServer.send(exchange, forged));

        assertThat(failure()).contains("the content with the checksum");
        assertNothingOfTheWeights();
        assertHolds(fetch(), files);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 1_000_000})
    void aLieAboutTheSizeIsCaughtBeforeTheTransfer(int change) {
        server.listFile(WEIGHTS, entry -> ((ObjectNode) entry.path("lfs")).put("size", size + change));

        assertThat(failure())
                .contains(
                        "file model.safetensors", "found " + size + " bytes", "expected " + (size + change) + " bytes");
        assertNothingOfTheWeights();
    }

    @ParameterizedTest
    @CsvSource({"-1, more than 548127 bytes", "1, found 548128 bytes"})
    void aLieAboutTheSizeIsCaughtInABodyOfUnknownLength(int change, String message) {
        server.listFile(WEIGHTS, entry -> ((ObjectNode) entry.path("lfs")).put("size", size + change));
        server.always("/" + WEIGHTS, (exchange, content) -> {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(content);
            exchange.getResponseBody().close();
        });

        assertThat(failure()).contains("file model.safetensors", message);
        assertNothingOfTheWeights();
    }

    @Test
    void aRestOfAnotherSizeIsCaught() {
        server.next("/" + WEIGHTS, HubServer.breakAfter(100_000), (exchange, content) -> {
            String range = exchange.getRequestHeaders().getFirst("Range").replaceAll("\\D", "");
            exchange.getResponseHeaders().set("Content-Range", "bytes " + range + "-999998/999999");
            exchange.sendResponseHeaders(206, 10);
            exchange.getResponseBody().write(new byte[10]);
        });

        assertThat(failure()).contains("found 999999 bytes", "expected " + size + " bytes");
        assertNothingOfTheWeights();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../evil",
                "a/../../evil",
                "/etc/passwd",
                "..",
                ".",
                "",
                "a//b",
                "C:/evil",
                "C:evil",
                "..\\evil",
                "a\\b"
            })
    void aPathThatLeavesTheRepositoryIsRefused(String path) throws IOException {
        server.list(entries -> {
            entries.addObject()
                    .put("type", "file")
                    .put("path", path)
                    .put("size", 4)
                    .put("oid", HubServer.gitBlob(new byte[4]));
            return entries;
        });

        assertThat(failure()).contains("the list of files of model someone/tiny", "found the path '" + path + "'");
        assertThat(HubServer.files(directory())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../evil.safetensors",
                "/evil.safetensors",
                ".evil.safetensors",
                "a/b.safetensors",
                "evil",
                "..",
                "evil\\\\b.safetensors"
            })
    void aShardThatLeavesTheDirectoryIsRefused(String shard) {
        byte[] index = ("{\"weight_map\": {\"wte.weight\": \"" + shard + "\"}}").getBytes(StandardCharsets.UTF_8);
        server.serve(
                HubServer.REPOSITORY,
                "main",
                Map.of("config.json", files.get("config.json"), "model.safetensors.index.json", index));

        assertThat(failure())
                .contains("file model.safetensors.index.json", "found the shard '" + shard.replace("\\\\", "\\") + "'");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[",
                "{}",
                "{\"weight_map\": {}}",
                "{\"weight_map\": [\"a\"]}",
                "{\"weight_map\": {\"a\": 1}}"
            })
    void anIndexThatIsNoneIsRefused(String index) {
        server.serve(
                HubServer.REPOSITORY,
                "main",
                Map.of(
                        "config.json",
                        files.get("config.json"),
                        "model.safetensors.index.json",
                        index.getBytes(StandardCharsets.UTF_8)));

        assertThat(failure()).contains("model someone/tiny, file model.safetensors.index.json: found ");
    }

    @Test
    void anIndexOfGigabytesIsNotFetched() {
        server.serveNames("config.json", "model.safetensors.index.json");
        server.listFile("model.safetensors.index.json", entry -> entry.put("size", 1L << 40));

        assertThat(failure()).contains("model.safetensors.index.json: found 1099511627776 bytes, expected at most");
        assertThat(server.requests("/model.safetensors.index.json")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>", "", "{\"error\": \"no\"}", "[{}]", "[[]]", "[1]", "[] []", "null"})
    void aListThatIsNoneIsRefused(String list) {
        server.always(
                "/tree/main",
                (exchange, content) -> HubServer.sendAll(
                        exchange, list.isEmpty() ? new byte[1] : list.getBytes(StandardCharsets.UTF_8)));

        assertThat(failure()).startsWith("the list of files of model someone/tiny: found ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size | -1 | the size -1 of config.json",
                "size | 1.5 | the size '1.5'",
                "size | 9223372036854775808 | the size '9223372036854775808'",
                "size | \"1\" | the size",
                "size | null | the size",
                "oid | \"abc\" | the checksum 'abc'",
                "oid | null | the checksum",
                "oid | \"../../../../../../../../../../../../evil\" | the checksum",
            })
    void aListingWithoutSizeOrChecksumIsRefused(String field, String json, String message) {
        server.listFile("config.json", entry -> {
            try {
                entry.set(field, new com.fasterxml.jackson.databind.ObjectMapper().readTree(json));
            } catch (IOException e) {
                throw new IllegalArgumentException(e);
            }
        });

        assertThat(failure()).contains("the list of files of model someone/tiny", message);
    }

    @Test
    void aListOfMegabytesIsNotRead() {
        server.always("/tree/main", (exchange, content) -> {
            exchange.sendResponseHeaders(200, 0);
            byte[] spaces = " ".repeat(1 << 16).getBytes(StandardCharsets.US_ASCII);
            for (int i = 0; i < 1 << 10; i++) {
                exchange.getResponseBody().write(spaces);
            }
        });
        assertThat(failure()).contains("a page of more than 4194304 bytes");
    }

    @Test
    void aListWithoutEndIsNotFollowed() {
        server.always("/tree/main", (exchange, content) -> {
            exchange.getResponseHeaders().add("Link", "</api/models/someone/tiny/tree/main>; rel=\"next\"");
            HubServer.sendAll(exchange, "[]".getBytes(StandardCharsets.US_ASCII));
        });
        assertThat(failure()).contains("more than 100 pages");
    }

    @Test
    void aListThatGoesOnElsewhereIsNotFollowed() {
        server.always("/tree/main", (exchange, content) -> {
            exchange.getResponseHeaders().add("Link", "<" + server.otherAddress() + "/more>; rel=\"next\"");
            HubServer.sendAll(exchange, "[]".getBytes(StandardCharsets.US_ASCII));
        });
        assertThat(failure()).contains("a next page on another host");
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "ftp://127.0.0.1/", "mailto:someone", "http:", "::", ""})
    void aRedirectToNoWebAddressIsRefused(String location) {
        server.always("/config.json", HubServer.status(302, "Location", location));
        assertThat(failure()).contains("file config.json", "a redirect from " + server.address());
    }

    @Test
    void aRedirectInACircleIsLeft() {
        server.always("/config.json", HubServer.status(302, "Location", "/someone/tiny/resolve/main/config.json"));
        assertThat(failure()).contains("more than 10 redirects");
        assertThat(server.requests("/config.json")).hasSize(11);
    }

    @Test
    void aModelThatIsNotThereIsSaidSo() {
        server.always("/tree/main", HubServer.status(404));
        assertThat(failure()).contains("no model someone/tiny at " + server.address(), "owner/name[@revision]");

        server.always("/tree/main", HubServer.status(404, "X-Error-Code", "RevisionNotFound"));
        assertThat(failure()).contains("no revision 'main' of model someone/tiny at " + server.address());
    }

    @Test
    void aFileThatIsListedButNotThereIsSaidSo() {
        server.always("/config.json", HubServer.status(404));
        assertThat(failure()).contains("file config.json: found status 404", "for the hub lists it");
    }

    @Test
    void anUnknownStatusIsSaid() {
        server.always("/tree/main", HubServer.status(418));
        assertThat(failure()).contains("status 418 from " + server.address() + "/api/models/someone/tiny/tree/main");
    }

    private void assertNothingOfTheWeights() {
        assertThat(HubServer.files(directory())).containsOnlyKeys("config.json");
        assertThat(Files.exists(directory().resolve(WEIGHTS))).isFalse();
    }
}
