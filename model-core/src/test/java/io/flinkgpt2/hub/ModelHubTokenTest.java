package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where the token goes, and where it never does. */
class ModelHubTokenTest extends HubTestCase {

    private static final String TOKEN = "hf_NobodyMaySeeThis";
    private static final String SIGNATURE = "SignatureThatOpensTheFile";

    private Map<String, byte[]> files;

    @BeforeEach
    void serve() throws IOException {
        files = server.serveGolden("tied-tanh");
    }

    private ModelHub withToken() {
        return hub(settings().withToken("token", TOKEN), LIMITS);
    }

    @Test
    void theHubGetsTheToken() throws IOException {
        assertHolds(withToken().resolve(NAME, FetchProgress.NONE), files);
        assertThat(server.requests())
                .hasSize(3)
                .allMatch(request -> request.authorization().equals("Bearer " + TOKEN));
    }

    @Test
    void anotherHostThatTheHubLeadsToDoesNotGetTheToken() throws IOException {
        String elsewhere = server.otherAddress() + "/cdn/someone/tiny/model.safetensors?signature=" + SIGNATURE;
        server.always("/resolve/main/model.safetensors", HubServer.status(302, "Location", elsewhere));

        assertHolds(withToken().resolve(NAME, FetchProgress.NONE), files);
        assertThat(server.requests("/cdn/someone/tiny/model.safetensors"))
                .singleElement()
                .matches(request -> request.authorization() == null
                        && request.host()
                                .equals(URI.create(server.otherAddress()).getAuthority()));
        assertThat(server.requests("/resolve/main/model.safetensors"))
                .singleElement()
                .matches(request -> request.authorization() != null);
    }

    @Test
    void anotherPortIsAnotherHost() throws IOException {
        try (HubServer other = new HubServer()) {
            other.serve(HubServer.REPOSITORY, "main", files);
            server.always(
                    "/model.safetensors",
                    HubServer.status(307, "Location", other.address() + "/cdn/someone/tiny/model.safetensors"));

            assertHolds(withToken().resolve(NAME, FetchProgress.NONE), files);
            assertThat(other.requests()).singleElement().matches(request -> request.authorization() == null);
        }
    }

    @Test
    void aRedirectWithinTheHubKeepsTheToken() throws IOException {
        server.always(
                "/resolve/main/model.safetensors",
                HubServer.status(307, "Location", "/cdn/someone/tiny/model.safetensors"));

        withToken().resolve(NAME, FetchProgress.NONE);
        assertThat(server.requests("/cdn/someone/tiny/model.safetensors"))
                .singleElement()
                .matches(request -> request.authorization() != null);
    }

    @Test
    void aPrivateModelSaysThatATokenIsNeeded() {
        server.always("/tree/main", HubServer.status(401, "X-Error-Code", "RepoNotFound"));

        assertThat(failure())
                .contains("status 401 ('RepoNotFound') for model someone/tiny", "no token was given")
                .contains("a token is needed: set FLINK_GPT2_TOKEN or HF_TOKEN, or give --token-file");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void aTokenWithoutAccessIsSaidSo(int status) {
        server.always("/tree/main", HubServer.status(status, "X-Error-Code", "GatedRepo"));

        assertThat(failure(withToken()))
                .contains("status " + status + " ('GatedRepo')", "although a token was sent")
                .contains("a token with access to the model", "terms");
    }

    @Test
    void theTokenIsNotSentInTheOpen() {
        // A name that is not this machine; it need not exist.
        HubSettings open = settings().withToken("token", TOKEN).withBaseAddress("hub", "http://hub.invalid");
        assertThat(new HubClient(open, LIMITS).sendsToken()).isFalse();
        HubSettings secure = open.withBaseAddress("hub", "https://hub.invalid");
        assertThat(new HubClient(secure, LIMITS).sendsToken()).isTrue();
    }

    @Test
    void neitherLogsNorMessagesShowTheTokenOrASignature() throws IOException {
        try (CapturedLog log = new CapturedLog()) {
            String elsewhere = server.otherAddress() + "/cdn/someone/tiny/model.safetensors?signature=" + SIGNATURE;
            server.always("/resolve/main/model.safetensors", HubServer.status(302, "Location", elsewhere));
            for (HubServer.Fault fault : new HubServer.Fault[] {
                HubServer.status(401),
                HubServer.status(403),
                HubServer.status(404),
                HubServer.status(418),
                HubServer.status(503),
                HubServer.status(302, "Location", "http://[" + SIGNATURE),
                HubServer.status(302, "Location", "ftp://x/?" + SIGNATURE),
                HubServer.breakAfter(10),
                (exchange, content) -> HubServer.sendAll(exchange, new byte[content.length]),
            }) {
                server.always("/cdn/someone/tiny/model.safetensors", fault);
                Throwable failure = catchThrowable(() -> withToken().resolve(NAME, FetchProgress.NONE));
                assertThat(failure).isInstanceOf(ModelHubException.class);
                StringWriter trace = new StringWriter();
                failure.printStackTrace(new PrintWriter(trace));
                assertThat(trace.toString()).doesNotContain(TOKEN).doesNotContain(SIGNATURE);
            }
            server.always("/cdn/someone/tiny/model.safetensors", HubServer::send);
            assertHolds(withToken().resolve(NAME, FetchProgress.NONE), files);

            assertThat(log.text())
                    .contains("retry 1 of 3")
                    .doesNotContain(TOKEN)
                    .doesNotContain(SIGNATURE);
        }
        assertThat(settings().withToken("token", TOKEN).toString()).doesNotContain(TOKEN);
        HubServer.files(directory())
                .forEach((name, content) -> assertThat(new String(content, StandardCharsets.ISO_8859_1))
                        .as(name)
                        .doesNotContain(TOKEN));
    }

    @Test
    void aHubThatRepeatsTheTokenBringsItNeitherToLogsNorToMessages() {
        String escape = "\u001b[31m";
        String cut = "x".repeat(190) + TOKEN;
        for (HubServer.Fault fault : new HubServer.Fault[] {
            HubServer.status(403, "X-Error-Message", "no " + escape + "Bearer " + TOKEN),
            HubServer.status(403, "X-Error-Code", "no Bearer " + TOKEN),
            HubServer.status(401, "X-Error-Code", cut),
            HubServer.status(418, "X-Error-Code", TOKEN.toUpperCase(Locale.ROOT)),
            HubServer.status(302, "Location", "ftp://elsewhere/" + TOKEN),
            HubServer.status(302, "Location", "http://127.0.0.1:1/" + TOKEN),
            HubServer.status(503, "Retry-After", TOKEN),
            (exchange, content) -> {
                byte[] list = ("[{\"path\": \"../" + TOKEN + escape + "\"}]").getBytes(StandardCharsets.UTF_8);
                HubServer.sendAll(exchange, list);
            },
        }) {
            server.always("/tree/main", fault);
            try (CapturedLog log = new CapturedLog()) {
                Throwable failure = catchThrowable(() -> withToken().resolve(NAME, FetchProgress.NONE));
                StringWriter trace = new StringWriter();
                failure.printStackTrace(new PrintWriter(trace));

                assertThat(failure).isInstanceOf(ModelHubException.class);
                for (String shown : List.of(trace.toString(), ours(log.text()))) {
                    assertThat(shown)
                            .doesNotContainIgnoringCase(TOKEN)
                            .doesNotContain(TOKEN.substring(0, 8))
                            .doesNotContain("\u001b");
                }
            }
        }
    }

    /** Without what the JDK's own server logs in this JVM. */
    private static String ours(String log) {
        return log.lines().filter(line -> !line.contains("httpserver")).collect(Collectors.joining("\n"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nbad \u001b[31mname: x",
                "no HTTP at all",
                "HTTP/1.1 200 OK\r\nContent-Length: many"
            })
    void anAnswerThatIsNotHttpIsNotAskedForAgain(String answer) throws Exception {
        AtomicInteger asked = new AtomicInteger();
        try (ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            Thread hub = new Thread(() -> {
                while (true) {
                    try (Socket socket = listener.accept()) {
                        asked.incrementAndGet();
                        socket.getInputStream().read(new byte[4096]);
                        socket.getOutputStream().write((answer + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
                    } catch (IOException e) {
                        return;
                    }
                }
            });
            hub.start();
            HubSettings settings = settings().withBaseAddress("hub", "http://127.0.0.1:" + listener.getLocalPort());

            assertThat(failure(hub(settings, LIMITS)))
                    .contains("that is not valid HTTP (", "expected HTTP; check the address of the hub")
                    .doesNotContain("\u001b", "\u0000");
            assertThat(asked).hasValue(1);
        }
    }

    @Test
    void whatIsFitToBeShownStaysAsItIs() {
        Redaction redaction = new Redaction(TOKEN);
        IOException failure = new ModelHubException("model", "this", "that", "do", new IOException("cause"));
        failure.addSuppressed(new IOException());

        assertThat(redaction.of(failure)).isSameAs(failure);
        assertThat(redaction.text("plain, gr\u00fcn")).isEqualTo("plain, gr\u00fcn");
        assertThat(new Redaction("a").text("banana")).isEqualTo("banana");
        assertThat(new Redaction(null).text("a\r\nb")).isEqualTo("a??b");
        assertThat(new Redaction("a/b+c=d").text("x a/b+c=d y a%2Fb%2Bc%3Dd")).isEqualTo("x (token) y (token)");
    }
}
