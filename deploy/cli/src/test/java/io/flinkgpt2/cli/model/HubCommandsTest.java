package io.flinkgpt2.cli.model;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.flinkgpt2.cli.CommandRun;
import io.flinkgpt2.cli.common.ModelArgument;
import io.flinkgpt2.hub.HubSettings;
import io.flinkgpt2.hub.ModelLocation;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;

/** {@code fetch}, {@code models} and {@code --model} by name, on a hub with one model in one small file. */
class HubCommandsTest {

    private static final byte[] WEIGHTS = "GGUF, as far as the hub knows".getBytes(US_ASCII);

    @TempDir
    private Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private final List<String> tokens = new CopyOnWriteArrayList<>();
    private final Map<String, byte[]> answers = new ConcurrentHashMap<>();
    private HttpServer hub;

    @BeforeEach
    void start() throws Exception {
        serve("someone/tiny", Map.of("tiny.gguf", WEIGHTS));
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/", exchange -> {
            tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            try (exchange) {
                byte[] answer = answers.get(exchange.getRequestURI().getPath());
                exchange.sendResponseHeaders(answer == null ? 404 : 200, answer == null ? -1 : answer.length);
                if (answer != null) {
                    exchange.getResponseBody().write(answer);
                }
            }
        });
        hub.start();
    }

    private void serve(String repository, Map<String, byte[]> files) throws Exception {
        List<String> entries = new ArrayList<>();
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            byte[] content = file.getValue();
            entries.add("""
                    {"type": "file", "path": "%s", "size": %d, "oid": "%s", "lfs": {"size": %d, "oid": "%s"}}""".formatted(
                    file.getKey(),
                    content.length,
                    "0".repeat(40),
                    content.length,
                    HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(content))));
            answers.put("/" + repository + "/resolve/main/" + file.getKey(), content);
        }
        answers.put(
                "/api/models/" + repository + "/tree/main", entries.toString().getBytes(US_ASCII));
    }

    @AfterEach
    void stop() {
        hub.stop(0);
    }

    private String address() {
        return "http://127.0.0.1:" + hub.getAddress().getPort();
    }

    private Path directory() {
        return home.resolve("models/someone/tiny@main");
    }

    private int run(Object command, String... args) {
        return commandLine(command).execute(args);
    }

    private CommandLine commandLine(Object command) {
        return new CommandLine(command)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((failure, line, parsed) -> {
                    line.getErr().println(failure.getMessage());
                    return ExitCode.SOFTWARE;
                });
    }

    private FetchCommand fetch() {
        return new FetchCommand(() -> HubSettings.in(home));
    }

    @Test
    void fetchPrintsTheDirectoryAndShowsItsProgress() {
        assertThat(run(fetch(), "someone/tiny", "--hub", address())).isZero();

        assertThat(out).hasToString(directory() + System.lineSeparator());
        assertThat(err.toString()).contains("fetching tiny.gguf: 0.0 of 0.0 MB", "someone/tiny is complete.");
        assertThat(directory().resolve("tiny.gguf")).hasBinaryContent(WEIGHTS);
    }

    @Test
    void rule2_1_fetchSaysThatAModelTakesTokenIdsOnlyAndWhy() throws Exception {
        Path golden = Path.of("../../model-core/src/test/resources/golden/unscaled");
        serve(
                "someone/words",
                Map.of(
                        "config.json", Files.readAllBytes(golden.resolve("config.json")),
                        "model.safetensors", Files.readAllBytes(golden.resolve("model.safetensors")),
                        "vocab.txt", "[PAD]\n[UNK]\n".getBytes(US_ASCII)));
        assertThat(run(fetch(), "someone/words", "--hub", address())).isZero();
        assertThat(err.toString())
                .contains("someone/words is complete.", "Note: this model takes token ids only: its tokenizer is ")
                .contains("words@main/vocab.txt (WordPiece)");

        Path words = home.resolve("models/someone/words@main");
        CommandRun run = CommandRun.of("verify", "--model", words.toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
        assertThat(run.out()).contains("vocab.txt (WordPiece)");
        CommandRun text = CommandRun.of("complete", "--model", words.toString(), "--prompt", "the and");
        assertThat(text.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(text.err()).contains("vocab.txt", "give the prompt as token ids");
        CommandRun ids =
                CommandRun.of("complete", "--model", words.toString(), "--prompt-ids", "1,2", "--output", "json");
        assertThat(ids.exitCode()).as(ids.err()).isZero();
        assertThat(ids.json().get(0).at("/choices/0/token_ids")).hasSize(16);
        CommandRun verified = CommandRun.of("verify", "--model", words.toString(), "--prompt", "the and");
        assertThat(verified.exitCode()).isEqualTo(ExitCode.USAGE);
        assertThat(verified.err()).contains("give the prompt as token ids");
    }

    @Test
    void fetchOfWhatIsThereShowsNoProgressAndNeedsNoHub() {
        run(fetch(), "someone/tiny", "--hub", address());
        hub.stop(0);
        err.getBuffer().setLength(0);

        assertThat(run(fetch(), "someone/tiny", "--hub", address())).isZero();
        assertThat(run(fetch(), "someone/tiny", "--offline")).isZero();
        assertThat(err.toString()).doesNotContain("fetching");
    }

    @Test
    void theTokenOfAFileGoesToTheHub() throws IOException {
        Path file = Files.writeString(home.resolve("token"), "secret\n");

        assertThat(run(fetch(), "someone/tiny", "--hub", address(), "--token-file", file.toString()))
                .isZero();
        assertThat(tokens).hasSize(2).containsOnly("Bearer secret");
    }

    @Test
    void aFileThatHoldsNoTokenIsNamedAndNotShown() throws IOException {
        for (String text : List.of("", "two secrets", "secr\u00e9t")) {
            Path file = Files.writeString(home.resolve("token"), text);
            assertThat(run(fetch(), "someone/tiny", "--hub", address(), "--token-file", file.toString()))
                    .isEqualTo(ExitCode.USAGE);
            assertThat(err.toString()).contains("--token-file " + file).doesNotContain("secr");
        }
        assertThat(tokens).isEmpty();
    }

    @Test
    void aModelThatTheHubDoesNotHaveIsSaid() {
        assertThat(run(fetch(), "someone/else", "--hub", address())).isEqualTo(ExitCode.SOFTWARE);
        assertThat(err.toString()).contains("no model someone/else at " + address());
        assertThat(out.toString()).isEmpty();
    }

    @Test
    void modelsListsWhatIsThere() throws IOException {
        ModelsCommand models = new ModelsCommand(() -> HubSettings.in(home));
        assertThat(run(models)).isZero();
        assertThat(err.toString()).contains("No models in " + home, "flink-gpt2 fetch gpt2");

        run(fetch(), "someone/tiny", "--hub", address());
        Files.write(
                Files.createDirectories(home.resolve("models/openai-community/gpt2@main"))
                        .resolve("model.safetensors.0123456789ab.part"),
                new byte[2_500_000]);
        out.getBuffer().setLength(0);
        assertThat(run(models)).isZero();
        assertThat(out.toString().lines())
                .satisfiesExactly(
                        line -> assertThat(line).matches("gpt2          +2\\.5 MB  partial   .*gpt2@main"),
                        line -> assertThat(line).matches("someone/tiny  +0\\.0 MB  complete  .*tiny@main"));

        out.getBuffer().setLength(0);
        assertThat(run(models, "--output", "json")).isZero();
        List<String> lines = out.toString().lines().toList();
        assertThat(lines).hasSize(2);
        JsonNode tiny = new ObjectMapper().readTree(lines.get(1));
        assertThat(tiny.path("name").asText()).isEqualTo("someone/tiny");
        assertThat(tiny.path("revision").asText()).isEqualTo("main");
        assertThat(tiny.path("complete").asBoolean()).isTrue();
        assertThat(tiny.path("bytes").asLong()).isEqualTo(WEIGHTS.length);
        assertThat(tiny.path("path").asText()).isEqualTo(directory().toString());
        assertThat(tiny.path("files").path(0).path("name").asText()).isEqualTo("tiny.gguf");
        assertThat(new ObjectMapper().readTree(lines.get(0)).path("complete").asBoolean(true))
                .isFalse();
    }

    @Test
    void aModelArgumentIsAPathOrAName() throws IOException {
        CommandLine command = commandLine(fetch());
        HubSettings models = HubSettings.in(home).withBaseAddress("hub", address());

        assertThat(ModelArgument.locate(command, home.toString(), () -> models))
                .isEqualTo(new ModelLocation(home, List.of(home.getFileName().toString())));
        assertThat(ModelArgument.locate(command, "someone/tiny", () -> models))
                .isEqualTo(new ModelLocation(
                        directory(), List.of("tiny", "someone/tiny", "tiny@main", "someone/tiny@main")));
        assertThat(err.toString()).contains("fetching tiny.gguf");
        assertThatThrownBy(() -> ModelArgument.locate(command, "someone/else", () -> models))
                .hasMessageContaining("there is no file or directory")
                .hasMessageContaining("no model someone/else at " + address());
    }
}
