package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that break, servers that are busy, silent or know no ranges. */
class ModelHubBrokenNetworkTest extends HubTestCase {

    private static final String WEIGHTS = "/model.safetensors";

    private Map<String, byte[]> files;

    @BeforeEach
    void serve() throws IOException {
        files = server.serveGolden("tied-tanh");
    }

    @Test
    void aBrokenConnectionIsContinuedWhereItBroke() throws IOException {
        server.next(WEIGHTS, HubServer.breakAfter(100_000), HubServer.breakAfter(50_000));

        assertHolds(fetch(), files);
        List<HubServer.Request> requests = server.requests(WEIGHTS);
        assertThat(requests).hasSize(3);
        assertThat(requests.get(0).range()).isNull();
        assertThat(requests).element(2).matches(request -> from(request) > from(requests.get(1)));
        assertThat(from(requests.get(1))).isBetween(1L, 100_000L);
    }

    @Test
    void aFetchThatFailedIsContinuedByTheNext() throws IOException {
        server.always(WEIGHTS, HubServer.breakAfter(10_000));
        assertThat(failure())
                .contains("model someone/tiny, file model.safetensors", "a broken connection", "in 4 attempts")
                .contains("not fetched twice");
        assertOnlyPartsAndSmallFiles();
        long kept = Files.size(part());
        assertThat(kept).isBetween(10_000L, 40_000L);

        server.always(WEIGHTS, HubServer::send);
        assertHolds(fetch(), files);
        assertThat(server.requests(WEIGHTS)).last().matches(request -> from(request) == kept);
    }

    @Test
    void aPieceThatIsWholeAlreadyIsOnlyChecked() throws IOException {
        Path whole = fetch().resolve("model.safetensors");
        server.always(WEIGHTS, HubServer.breakAfter(1));
        Files.delete(directory().resolve(Manifest.FILE));
        Files.delete(whole);
        assertThat(failure()).contains("in 4 attempts");
        Files.write(part(), files.get("model.safetensors"));
        int before = server.requests(WEIGHTS).size();

        assertHolds(fetch(), files);
        assertThat(server.requests(WEIGHTS)).hasSize(before);
    }

    @Test
    void aPieceOfAnotherContentIsNotContinued() throws IOException {
        server.always(WEIGHTS, HubServer.breakAfter(10_000));
        assertThat(failure()).contains("in 4 attempts");
        Path old = part();
        byte[] changed = files.get("model.safetensors").clone();
        changed[5]++;
        files.put("model.safetensors", changed);
        server.serve(HubServer.REPOSITORY, "main", files);
        server.always(WEIGHTS, HubServer::send);

        assertHolds(fetch(), files);
        assertThat(old).doesNotExist();
        assertThat(server.requests(WEIGHTS)).last().matches(request -> request.range() == null);
    }

    @Test
    void aServerWithoutRangesStartsOver() throws IOException {
        server.next(WEIGHTS, HubServer.breakAfter(100_000), HubServer::sendAll);

        assertHolds(fetch(), files);
        assertThat(server.requests(WEIGHTS)).element(1).matches(request -> from(request) > 0);
    }

    @Test
    void aServerWithoutRangesThatBreaksAgainIsAskedForAll() throws IOException {
        server.next(
                WEIGHTS,
                HubServer.breakAfter(100_000),
                (exchange, content) -> {
                    exchange.sendResponseHeaders(200, content.length);
                    exchange.getResponseBody().write(content, 0, 1_000);
                    exchange.getResponseBody().flush();
                },
                HubServer::sendAll);

        assertHolds(fetch(), files);
        assertThat(server.requests(WEIGHTS)).last().matches(request -> request.range() == null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes 0-9/10", "bytes 7-548127/548128", "items", ""})
    void aWrongRangeStartsOver(String range) throws IOException {
        server.next(WEIGHTS, HubServer.breakAfter(100_000), (exchange, content) -> {
            exchange.getResponseHeaders().set("Content-Range", range);
            exchange.sendResponseHeaders(206, 10);
            exchange.getResponseBody().write(content, 0, 10);
        });

        assertHolds(fetch(), files);
        assertThat(server.requests(WEIGHTS)).last().matches(request -> request.range() == null);
    }

    @Test
    void aRangeThatIsRefusedStartsOver() throws IOException {
        server.next(WEIGHTS, HubServer.breakAfter(100_000), HubServer.status(416));
        assertHolds(fetch(), files);
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void aServerThatIsBusyIsAskedAgain(int status) throws IOException {
        server.next("/tree/main", HubServer.status(status));
        server.next("/config.json", HubServer.status(status, "Retry-After", "0"));
        server.next(WEIGHTS, HubServer.status(status), HubServer.status(status, "Retry-After", "soon"));

        assertHolds(fetch(), files);
    }

    @Test
    void retryAfterIsHonoured() throws IOException {
        server.next("/tree/main", HubServer.status(503, "Retry-After", "1"));
        try (CapturedLog log = new CapturedLog()) {
            assertHolds(fetch(), files);
            assertThat(log.text()).contains("status 503", "retry 1 of 3 in 1000 ms");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3600", "Fri, 31 Dec 2100 23:59:59 GMT"})
    void aServerThatAsksForTooLongAWaitIsNotWaitedFor(String retryAfter) {
        server.always("/tree/main", HubServer.status(429, "Retry-After", retryAfter));

        assertThat(failure()).contains("status 429", "with the request to wait", "within 2 s", "try again later");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void aServerThatStaysBusyIsGivenUp() {
        server.always("/tree/main", HubServer.status(503));

        assertThat(failure()).contains("the list of files of model someone/tiny", "status 503", "in 4 attempts");
        assertThat(server.requests()).hasSize(4);
    }

    @Test
    void aServerThatHangsIsGivenUp() {
        CountDownLatch end = new CountDownLatch(1);
        server.always("/tree/main", (exchange, content) -> await(end));

        assertThat(failure(impatient(1))).contains("no answer of", "/tree/main for 300 ms", "in 2 attempts");
        end.countDown();
    }

    @Test
    void aTransferThatHangsIsContinuedByAnotherConnection() throws IOException {
        CountDownLatch end = new CountDownLatch(1);
        server.next(WEIGHTS, (exchange, content) -> {
            HubServer.sendStart(exchange, content, 100_000);
            await(end);
        });

        assertHolds(impatient(20).resolve(NAME, FetchProgress.NONE), files);
        assertThat(server.requests(WEIGHTS)).last().matches(request -> from(request) > 0);
        end.countDown();
    }

    @Test
    void nobodyListensIsSaidWithTheAddress() {
        server.close();
        assertThat(failure()).contains("no connection to " + server.address(), "in 4 attempts", "check the network");
    }

    @Test
    void aHostThatDoesNotExistIsSaidAtOnce() {
        // RFC 6761: names below .invalid never exist.
        ModelHub hub = hub(settings().withBaseAddress("hub", "http://hub.invalid"), LIMITS);
        assertThat(failure(hub)).contains("no host 'hub.invalid'");
    }

    @Test
    void anInterruptedFetchKeepsWhatItHas() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Thread fetching = Thread.currentThread();
        server.next(WEIGHTS, (exchange, content) -> {
            HubServer.sendStart(exchange, content, 100_000);
            await(end);
        });
        FetchProgress interrupt = (file, done, total) -> {
            if (file.equals("model.safetensors") && done > files.get("config.json").length) {
                fetching.interrupt();
            }
        };

        assertThatThrownBy(() -> hub().resolve(NAME, interrupt)).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        end.countDown();
        assertOnlyPartsAndSmallFiles();
        assertThat(Files.size(part())).isPositive();
        assertHolds(fetch(), files);
    }

    private ModelHub impatient(int retries) {
        return hub(
                settings(),
                new NetworkLimits(
                        LIMITS.connect(), Duration.ofMillis(300), retries, LIMITS.firstBackoff(), LIMITS.connect()));
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static long from(HubServer.Request request) {
        return request.range() == null ? 0 : Long.parseLong(request.range().replaceAll("\\D", ""));
    }

    private Path part() throws IOException {
        try (var paths = Files.list(directory())) {
            return paths.filter(path -> path.toString().endsWith(".part"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    private void assertOnlyPartsAndSmallFiles() {
        assertThat(HubServer.files(directory()).keySet())
                .hasSize(2)
                .contains("config.json")
                .anyMatch(file -> file.startsWith("model.safetensors.") && file.endsWith(".part"));
    }
}
