package io.flinkgpt2.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A hub of its own and an empty cache for each test. */
abstract class HubTestCase {

    /** Waits little between attempts, and long for a busy machine. */
    static final NetworkLimits LIMITS = new NetworkLimits(
            Duration.ofSeconds(10), Duration.ofSeconds(30), 3, Duration.ofMillis(5), Duration.ofSeconds(2));

    static final HubName NAME = HubName.parse(HubServer.REPOSITORY);

    @TempDir
    Path home;

    HubServer server;

    @BeforeEach
    void startServer() throws IOException {
        server = new HubServer();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    HubSettings settings() {
        return HubSettings.in(home).withBaseAddress("hub", server.address());
    }

    ModelHub hub() {
        return hub(settings(), LIMITS);
    }

    static ModelHub hub(HubSettings settings, NetworkLimits limits) {
        return new ModelHub(settings, limits, directory -> Long.MAX_VALUE);
    }

    Path fetch() throws IOException {
        return hub().resolve(NAME, FetchProgress.NONE);
    }

    /** What a fetch says that must fail. */
    String failure() {
        return failure(hub());
    }

    static String failure(ModelHub hub) {
        return catchThrowableOfType(ModelHubException.class, () -> hub.resolve(NAME, FetchProgress.NONE))
                .getMessage();
    }

    Path directory() {
        return new ModelDirectory(home, NAME).path();
    }

    /** That the directory holds exactly these files and a manifest. */
    static void assertHolds(Path directory, Map<String, byte[]> expected) {
        Map<String, byte[]> files = HubServer.files(directory);
        assertThat(files.remove(Manifest.FILE)).isNotNull();
        assertThat(files.keySet()).isEqualTo(expected.keySet());
        files.forEach((name, content) -> assertThat(content).as(name).isEqualTo(expected.get(name)));
    }

    /** That nothing was left by the name of a model's file, nor a manifest; pieces may be there. */
    void assertOnlyParts() {
        assertThat(HubServer.files(directory()).keySet()).allMatch(file -> file.endsWith(ModelDirectory.PART_SUFFIX));
    }
}
