package io.flinkgpt2.cli.verify;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.flinkgpt2.hub.HubSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code verify} of models by name, on a hub that has a small model under the name of a published one and another. */
class VerifyByNameTest {

    @TempDir
    private Path home;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private HttpServer hub;

    @BeforeEach
    void start() throws Exception {
        byte[] weights = Files.readAllBytes(Path.of("../../model-core/src/test/resources/golden/gguf/model-Q8_0.gguf"));
        byte[] list = """
                [{"type": "file", "path": "tiny.gguf", "size": %d, "oid": "%s", "lfs": {"size": %d, "oid": "%s"}}]""".formatted(
                        weights.length,
                        "0".repeat(40),
                        weights.length,
                        HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(weights)))
                .getBytes(US_ASCII);
        Map<String, byte[]> answers = Map.of(
                "/api/models/openai-community/gpt2/tree/main", list,
                "/openai-community/gpt2/resolve/main/tiny.gguf", weights,
                "/api/models/someone/tiny/tree/main", list,
                "/someone/tiny/resolve/main/tiny.gguf", weights);
        hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hub.createContext("/", exchange -> {
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

    @AfterEach
    void stop() {
        hub.stop(0);
    }

    private int verify(String model) throws IOException {
        String address = "http://127.0.0.1:" + hub.getAddress().getPort();
        return new CommandLine(new VerifyCommand(() -> HubSettings.in(home).withBaseAddress("hub", address)))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .execute("--model", model);
    }

    @Test
    void aPublishedModelGivenByNameIsAskedItsKnownAnswers() throws IOException {
        int exitCode = verify("gpt2");

        assertThat(exitCode).isEqualTo(1);
        assertThat(err.toString())
                .contains("fetching tiny.gguf", "failed: known answers of gpt2, number of parameters");
        assertThat(out.toString()).contains("layer norm of block 0", "known answers of gpt2");

        hub.stop(0);
        out.getBuffer().setLength(0);
        assertThat(verify("openai-community/gpt2@main")).isEqualTo(1);
        assertThat(out.toString()).contains("known answers of gpt2");
    }

    @Test
    void anotherModelHasNoKnownAnswersNorHasAPath() throws IOException {
        assertThat(verify("someone/tiny")).isZero();
        assertThat(verify(home.resolve("models/someone/tiny@main").toString())).isZero();

        assertThat(out.toString()).contains("layer norm of block 0").doesNotContain("known answers");
    }
}
