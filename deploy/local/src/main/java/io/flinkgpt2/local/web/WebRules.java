package io.flinkgpt2.local.web;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaderNames;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpHeaders;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpRequest;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.HttpResponseStatus;
import org.apache.flink.shaded.netty4.io.netty.handler.codec.http.QueryStringDecoder;

/**
 * The rules of a web port.
 *
 * <p>Each request has to name this server as its {@code Host}: a page whose name was rebound to this machine's address names
 * its own. An {@code Origin}, which browsers add to what a page sends, has to be the web UI's. Neither can be set by a page.
 */
final class WebRules {

    private static final int LONGEST_QUOTE = 100;

    private final WebAccess access;
    private final int port;

    /** @param port where the server listens */
    WebRules(WebAccess access, int port) {
        this.access = access;
        this.port = port;
    }

    /** An answer in place of the API's. */
    record Refusal(HttpResponseStatus status, String message) {}

    /** Returns the web UI's own address. */
    String origin() {
        return "http://localhost:" + port;
    }

    /** Returns why a request is not answered, or nothing if it is. */
    Optional<Refusal> refusal(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return Optional.of(new Refusal(HttpResponseStatus.BAD_REQUEST, "this is not a valid HTTP request"));
        }
        HttpHeaders headers = request.headers();
        List<String> hosts = headers.getAll(HttpHeaderNames.HOST);
        if (hosts.size() != 1 || !isOwn(hosts.get(0))) {
            return Optional.of(
                    forbidden("Host", hosts, "localhost:" + port + ", 127.0.0.1:" + port + " or [::1]:" + port));
        }
        List<String> origins = headers.getAll(HttpHeaderNames.ORIGIN);
        if (origins.size() > 1 || !origins.stream().allMatch(this::isOwnOrigin)) {
            return Optional.of(
                    forbidden("Origin", origins, origin() + " or none; pages of other servers are not let in"));
        }
        String method = request.method().name();
        if (access == WebAccess.READ_ONLY && !reads(method)) {
            return Optional.of(new Refusal(
                    HttpResponseStatus.METHOD_NOT_ALLOWED,
                    "found the method " + quoted(method)
                            + ", expected GET, HEAD or OPTIONS: this port shows the cluster and"
                            + " changes nothing; to submit, stop or cancel jobs use 'flink-gpt2 cluster start'"));
        }
        String uri = request.uri();
        if (!uri.startsWith("/") && !uri.equals("*")) {
            return Optional.of(new Refusal(
                    HttpResponseStatus.BAD_REQUEST,
                    "found the target " + quoted(uri) + ", expected a path that begins with a slash"));
        }
        if (endsAJob(uri)) {
            return Optional.of(new Refusal(
                    HttpResponseStatus.FORBIDDEN,
                    "found " + quoted(uri) + ", which ends a job by a GET, for YARN only; use PATCH /jobs/JOB_ID"));
        }
        return Optional.empty();
    }

    private static boolean reads(String method) {
        return switch (method) {
            case "GET", "HEAD", "OPTIONS" -> true;
            default -> false;
        };
    }

    /** Two routes end a job by a GET, for the proxy of a YARN that is not there. */
    private static boolean endsAJob(String uri) {
        try {
            // As the API's router decodes it.
            String path = new QueryStringDecoder(uri).path();
            return path.contains("yarn-cancel") || path.contains("yarn-stop");
        } catch (IllegalArgumentException e) {
            // Not an encoding, so not a path that the router knows.
            return false;
        }
    }

    private boolean isOwn(String host) {
        int colon = host.lastIndexOf(':');
        boolean named = colon > host.lastIndexOf(']');
        String name = named ? host.substring(0, colon) : host;
        String itsPort = named ? host.substring(colon + 1) : "80";
        boolean own = switch (name.toLowerCase(Locale.ROOT)) {
            case "localhost", "127.0.0.1", "[::1]" -> true;
            default -> false;
        };
        return own && itsPort.equals(Integer.toString(port));
    }

    private boolean isOwnOrigin(String origin) {
        int scheme = origin.indexOf("://");
        return scheme > 0
                && origin.substring(0, scheme).toLowerCase(Locale.ROOT).matches("https?")
                && isOwn(origin.substring(scheme + "://".length()));
    }

    private static Refusal forbidden(String header, List<String> values, String expected) {
        String found = values.isEmpty()
                ? "no header " + header
                : "the header " + header + " " + quoted(String.join(", ", values));
        return new Refusal(HttpResponseStatus.FORBIDDEN, "found " + found + ", expected " + expected);
    }

    /** Shortened, in ASCII that needs no escape in JSON. */
    private static String quoted(String text) {
        String head = text.length() <= LONGEST_QUOTE ? text : text.substring(0, LONGEST_QUOTE) + "...";
        return "'" + head.replaceAll("[^ -~]|[\"\\\\<>]", "?") + "'";
    }
}
