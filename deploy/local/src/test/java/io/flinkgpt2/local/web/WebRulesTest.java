package io.flinkgpt2.local.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.DecoderResult;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.DefaultHttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpMethod;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpVersion;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebRulesTest {

    private static final int PORT = 8081;

    private static HttpRequest request(String method, String uri, String host) {
        HttpRequest request = new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.valueOf(method), uri);
        request.headers().set("Host", host);
        return request;
    }

    private static Optional<Integer> refusal(WebAccess access, HttpRequest request) {
        return new WebRules(access, PORT)
                .refusal(request)
                .map(refusal -> refusal.status().code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:8081", "LOCALHOST:8081", "127.0.0.1:8081", "[::1]:8081"})
    void itsOwnNamesAreLetIn(String host) {
        for (WebAccess access : WebAccess.values()) {
            assertThat(refusal(access, request("GET", "/overview", host))).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example:8081",
                "localhost.evil.example:8081",
                "evil.example",
                "localhost",
                "localhost:80",
                "localhost:8082",
                "localhost:",
                "127.0.0.1",
                "127.0.0.2:8081",
                "[::1]",
                "::1:8081",
                "user@localhost:8081",
                "localhost.:8081",
                ""
            })
    void aForeignHostIsRefused(String host) {
        for (WebAccess access : WebAccess.values()) {
            assertThat(refusal(access, request("GET", "/overview", host))).contains(403);
        }
    }

    @Test
    void noHostAndTwoHostsAreRefused() {
        HttpRequest request = request("GET", "/", "localhost:8081");
        request.headers().add("Host", "localhost:8081");
        assertThat(refusal(WebAccess.OWN_PAGES, request)).contains(403);
        request.headers().remove("Host");
        assertThat(refusal(WebAccess.OWN_PAGES, request)).contains(403);
    }

    @Test
    void port80NeedsNoNumber() {
        assertThat(new WebRules(WebAccess.READ_ONLY, 80).refusal(request("GET", "/", "localhost")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://evil.example",
                "http://localhost:3000",
                "http://localhost",
                "null",
                "",
                "localhost:8081",
                "file://localhost:8081",
                "http://localhost:8081.evil.example"
            })
    void aForeignOriginIsRefusedWhateverTheMethod(String origin) {
        for (WebAccess access : WebAccess.values()) {
            for (String method : new String[] {"GET", "POST", "OPTIONS"}) {
                HttpRequest request = request(method, "/jobs", "localhost:8081");
                request.headers().set("Origin", origin);
                assertThat(refusal(access, request)).contains(403);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://localhost:8081", "http://127.0.0.1:8081", "https://localhost:8081"})
    void theWebUisOriginIsLetIn(String origin) {
        HttpRequest request = request("POST", "/jobs", "localhost:8081");
        request.headers().set("Origin", origin);
        assertThat(refusal(WebAccess.OWN_PAGES, request)).isEmpty();
        assertThat(refusal(WebAccess.READ_ONLY, request)).contains(405);
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "BREW"})
    void onlyWhatReadsIsLetInWhereNothingIsSubmitted(String method) {
        assertThat(refusal(WebAccess.READ_ONLY, request(method, "/jobs", "localhost:8081")))
                .contains(405);
        assertThat(refusal(WebAccess.OWN_PAGES, request(method, "/jobs", "localhost:8081")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "OPTIONS"})
    void whatReadsIsLetIn(String method) {
        assertThat(refusal(WebAccess.READ_ONLY, request(method, "/jobs?x=yarn-stop", "localhost:8081")))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/jobs/1/yarn-cancel",
                "/v1/jobs/1/yarn-stop/",
                "/jobs/1/yarn%2dcancel",
                "/jobs/1/%79arn-stop?a=b"
            })
    void aGetThatEndsAJobIsRefused(String uri) {
        for (WebAccess access : WebAccess.values()) {
            assertThat(refusal(access, request("GET", uri, "localhost:8081"))).contains(403);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsNoRequestForAPathIsRefused(WebAccess access) {
        assertThat(refusal(access, request("GET", "http://localhost:8081/", "localhost:8081")))
                .contains(400);
        HttpRequest broken = request("GET", "/bad-request", "localhost:8081");
        broken.setDecoderResult(DecoderResult.failure(new IllegalArgumentException("header")));
        assertThat(refusal(access, broken)).contains(400);
    }

    @Test
    void whatIsQuotedNeedsNoEscapeInJson() {
        String message = new WebRules(WebAccess.READ_ONLY, PORT)
                .refusal(request("GET", "/", "e\"\\<script>\u00e9:1"))
                .orElseThrow()
                .message();
        assertThat(message)
                .isEqualTo("found the header Host 'e???script??:1', expected localhost:8081, 127.0.0.1:8081 or"
                        + " [::1]:8081");
    }
}
