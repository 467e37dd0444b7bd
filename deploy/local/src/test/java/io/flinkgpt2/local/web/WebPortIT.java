package io.flinkgpt2.local.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.local.embedded.LocalFlink;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The web port of the cluster that {@code local} and {@code demo} run: it shows, and does nothing that it is told. */
class WebPortIT {

    private static final List<String> WRITING = List.of("POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW");

    @TempDir
    private static Path directory;

    private static LocalFlink flink;
    private static int port;

    @BeforeAll
    static void start() throws IOException {
        flink = LocalFlink.start(LocalFlink.Options.defaults().withWorkDirectory(directory));
        port = flink.webUrl().getPort();
    }

    @AfterAll
    static void stop() throws IOException {
        flink.close();
    }

    private static RawHttp send(String method, String path) throws IOException {
        return RawHttp.send(port, method, path, "", "Host: localhost:" + port);
    }

    @Test
    void everyMethodThatWritesIsRefusedOnEveryRoute() throws Exception {
        List<RestRoutes.Route> routes = RestRoutes.of(flink);
        // Not an empty list by a change of Flink's.
        assertThat(routes).hasSizeGreaterThan(70).contains(new RestRoutes.Route("POST", "/jobs"));

        TreeSet<String> paths = new TreeSet<>();
        routes.forEach(route -> paths.add(route.path()));
        for (String path : paths) {
            for (String method : WRITING) {
                RawHttp answer = send(method, path);
                assertThat(answer.status()).as(method + " " + path).isEqualTo(405);
                assertThat(answer.response())
                        .contains("found the method '" + method + "', expected GET, HEAD or OPTIONS");
            }
            assertThat(send("POST", "/v1" + path).status()).isEqualTo(405);
        }
    }

    @Test
    void everyRouteThatReadsIsReachedAndThoseThatEndAJobAreNot() throws Exception {
        for (RestRoutes.Route route : RestRoutes.of(flink)) {
            if (route.method().equals("GET")) {
                int status = send("GET", route.path()).status();
                if (route.path().contains("yarn")) {
                    assertThat(status).as(route.path()).isEqualTo(403);
                } else {
                    // What does not exist is for the API to say.
                    assertThat(status).as(route.path()).isNotIn(403, 405);
                }
            }
        }
    }

    @Test
    void thePageLoadsAndOnlyItsOwnOriginMayReadAnswers() throws Exception {
        for (String path : List.of("/", "/index.html", "/overview", "/nothing", "/config")) {
            assertThat(send("GET", path).response().lines())
                    .as(path)
                    .filteredOn(
                            line -> line.toLowerCase(java.util.Locale.ROOT).startsWith("access-control-allow-origin"))
                    .singleElement()
                    .asString()
                    .endsWith(" http://localhost:" + port);
        }
        assertThat(send("GET", "/").response()).startsWith("HTTP/1.1 200").contains("<html");
        assertThat(send("HEAD", "/overview").status()).isNotIn(403, 405);
        assertThat(send("OPTIONS", "/overview").status()).isNotIn(403, 405);
        assertThat(send("GET", "/config").response())
                .contains("\"web-submit\":false", "\"web-cancel\":false", "\"web-rescale\":false");
    }

    @Test
    void pagesOfOtherServersAndNamesThatWereReboundAreRefused() throws Exception {
        assertThat(RawHttp.send(port, "GET", "/overview", "", "Host: evil.example:" + port)
                        .status())
                .isEqualTo(403);
        assertThat(RawHttp.send(port, "GET", "/overview", "").status()).isEqualTo(403);
        assertThat(RawHttp.send(
                                port,
                                "GET",
                                "/overview",
                                "",
                                "Host: localhost:" + port,
                                "Origin: http://localhost:" + (port - 1))
                        .status())
                .isEqualTo(403);
        assertThat(RawHttp.send(
                                port,
                                "GET",
                                "/overview",
                                "",
                                "Host: localhost:" + port,
                                "Origin: http://localhost:" + port)
                        .status())
                .isEqualTo(200);
    }

    @Test
    void whatIsUploadedDoesNotReachTheDisk() throws Exception {
        String boundary = "--b\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"evil.jar\"\r\n"
                + "Content-Type: application/x-java-archive\r\n\r\nevil\r\n--b--\r\n";
        for (String path : List.of("/jars/upload", "/jobs")) {
            RawHttp answer = RawHttp.send(
                    port,
                    "POST",
                    path,
                    boundary,
                    "Host: localhost:" + port,
                    "Content-Type: multipart/form-data; boundary=b");
            assertThat(answer.status()).isEqualTo(405);
        }
        try (Stream<Path> files = Files.walk(directory)) {
            assertThat(files).noneMatch(file -> file.toString().contains("evil"));
        }
    }
}
