package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Several that want one model at once. */
class ModelHubConcurrencyTest extends HubTestCase {

    /** Fetches in a JVM of its own: home, address of the hub. */
    static final class Fetch {
        public static void main(String[] args) throws Exception {
            HubSettings settings = HubSettings.in(Path.of(args[0])).withBaseAddress("hub", args[1]);
            hub(settings, LIMITS).resolve(NAME, FetchProgress.NONE);
        }
    }

    private Process start() throws Exception {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-Xshare:auto",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Fetch.class.getName(),
                        home.toString(),
                        server.address())
                .inheritIO()
                .start();
    }

    @Test
    void threadsFetchOnce() throws Exception {
        Map<String, byte[]> files = server.serveGolden("scaled-sharded-bf16");
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<Path>> fetches = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                fetches.add(threads.submit(this::fetch));
            }
            for (Future<Path> fetch : fetches) {
                assertHolds(fetch.get(), files);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(server.requests()).hasSize(1 + files.size());
    }

    @Test
    void aProcessWaitsForAnotherAndFindsAllThere() throws Exception {
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        server.next("/model.safetensors", (exchange, content) -> {
            begun.countDown();
            await(goOn);
            HubServer.send(exchange, content);
        });

        Process first = start();
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        AtomicReference<Throwable> gaveUp = new AtomicReference<>();
        Thread waiting = new Thread(() -> gaveUp.set(catchThrowable(this::fetch)));
        waiting.start();
        Process second = start();
        // Whoever gives up waiting does not free the others' lock.
        waiting.interrupt();
        waiting.join();
        assertThat(gaveUp.get()).isInstanceOf(InterruptedIOException.class);
        goOn.countDown();

        assertThat(first.waitFor()).isZero();
        assertThat(second.waitFor()).isZero();
        assertHolds(directory(), files);
        assertThat(server.requests()).hasSize(1 + files.size());
    }

    @Test
    void aProcessThatWasKilledLeavesAPieceForTheNext() throws Exception {
        Map<String, byte[]> files = server.serveGolden("tied-tanh");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        server.next("/config.json", (exchange, content) -> {
            HubServer.sendStart(exchange, content, 100);
            begun.countDown();
            await(goOn);
        });

        Process killed = start();
        assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
        killed.destroyForcibly().waitFor();
        goOn.countDown();

        assertOnlyParts();
        assertHolds(fetch(), files);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
