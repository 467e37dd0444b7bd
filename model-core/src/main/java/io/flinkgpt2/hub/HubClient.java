package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import java.io.IOException;
import java.net.ProtocolException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the hub. Follows redirects itself, because the token must not: large files come from other hosts, by signed addresses.
 * The token goes to the hub's own scheme, host and port only, and never over plain HTTP to another machine.
 */
final class HubClient {

    private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);

    private static final int MOST_REDIRECTS = 10;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
    private static final Set<Integer> TRANSIENT = Set.of(408, 425, 429);
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

    private final HubSettings settings;
    private final NetworkLimits limits;
    private final HttpClient http;
    private final boolean tokenIsSafe;
    private final Set<String> commits = new TreeSet<>();

    HubClient(HubSettings settings, NetworkLimits limits) {
        this.settings = settings;
        this.limits = limits;
        URI base = settings.baseAddress();
        tokenIsSafe = "https".equalsIgnoreCase(base.getScheme()) || LOOPBACK.contains(base.getHost());
        if (settings.token().isPresent() && !tokenIsSafe) {
            LOG.warn("{} does not use https, so the token is not sent. Use an https address", base);
        }
        // A broken connection breaks one transfer only; nothing is gained by sharing one.
        http = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(limits.connect())
                .build();
    }

    Redaction redaction() {
        return settings.redaction();
    }

    NetworkLimits limits() {
        return limits;
    }

    /** Returns the commit that all answers of the hub so far were of, by its header {@code X-Repo-Commit}, or null. */
    String commit() {
        return commits.size() == 1 ? commits.iterator().next() : null;
    }

    /** Returns whether a token goes to the hub. */
    boolean sendsToken() {
        return settings.token().isPresent() && tokenIsSafe;
    }

    /**
     * Asks for a path below the base address.
     *
     * @param subject what is asked for, for messages
     * @param path begins with a slash; encoded
     * @param from the first byte that is wanted, 0 for all
     * @throws TransientException if another attempt may work
     */
    HubAnswer get(String subject, String path, long from) throws IOException {
        return get(subject, URI.create(settings.baseAddress() + path), from);
    }

    /** As the other, for a whole address. */
    HubAnswer get(String subject, URI address, long from) throws IOException {
        URI uri = address;
        for (int redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
            HttpResponse<BodyPieces> response = send(subject, uri, from);
            int status = response.statusCode();
            if (isHub(uri)) {
                response.headers()
                        .firstValue("x-repo-commit")
                        .filter(HubName::isCommit)
                        .ifPresent(commits::add);
            }
            if (REDIRECTS.contains(status)) {
                response.body().close();
                uri = target(
                        subject, uri, response.headers().firstValue("location").orElse(""));
                continue;
            }
            if (status >= 500 || TRANSIENT.contains(status)) {
                response.body().close();
                throw new TransientException(
                        "status " + status + " of " + withoutQuery(uri),
                        retryAfter(response.headers().firstValue("retry-after").orElse("")));
            }
            return new HubAnswer(subject, uri, status, response.headers(), response.body(), limits.stall());
        }
        throw new ModelHubException(
                subject,
                "more than " + MOST_REDIRECTS + " redirects from " + withoutQuery(address),
                "an answer",
                "check the address of the hub");
    }

    /** Returns whether two addresses have one scheme, host and port. */
    boolean isHub(URI uri) {
        URI base = settings.baseAddress();
        return base.getScheme().equalsIgnoreCase(uri.getScheme())
                && base.getHost().equalsIgnoreCase(uri.getHost())
                && port(base) == port(uri);
    }

    private static int port(URI uri) {
        return uri.getPort() >= 0 ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
    }

    private HttpResponse<BodyPieces> send(String subject, URI uri, long from) throws IOException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(uri).header("User-Agent", "flink-gpt2").header("Accept-Encoding", "identity");
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        if (sendsToken() && isHub(uri)) {
            request.header("Authorization", "Bearer " + settings.token().orElseThrow());
        }
        CompletableFuture<HttpResponse<BodyPieces>> answer = http.sendAsync(request.build(), info -> new BodyPieces());
        try {
            // The connection has its own, shorter limit.
            return answer.get(limits.stall().toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            answer.cancel(true);
            throw Retries.interrupted(subject, e);
        } catch (TimeoutException e) {
            answer.cancel(true);
            throw new TransientException(
                    "no answer of " + withoutQuery(uri) + " for "
                            + limits.stall().toMillis() + " ms",
                    e);
        } catch (ExecutionException e) {
            throw failure(subject, uri, e.getCause());
        }
    }

    private static IOException failure(String subject, URI uri, Throwable cause) {
        if (isCausedBy(UnresolvedAddressException.class, cause)) {
            return new ModelHubException(
                    subject,
                    "no host " + quoted(uri.getHost()),
                    "one",
                    "check the network and the address of the hub, or copy the model here and give its path",
                    cause);
        }
        if (isCausedBy(GeneralSecurityException.class, cause)) {
            return new ModelHubException(
                    subject,
                    "no secure connection to " + withoutQuery(uri) + " (" + cause.getMessage() + ")",
                    "a certificate that this Java trusts",
                    "check the address of the hub; a proxy that opens connections needs its certificate in"
                            + " -Djavax.net.ssl.trustStore",
                    cause);
        }
        if (cause instanceof ProtocolException || cause instanceof RuntimeException) {
            // What is not HTTP now will not be HTTP in a second.
            return notHttp(subject, uri, cause);
        }
        if (cause instanceof IOException) {
            return new TransientException("no connection to " + withoutQuery(uri) + " (" + cause + ")", cause);
        }
        throw new IllegalStateException(subject + ": cannot ask " + withoutQuery(uri), cause);
    }

    /** Returns the failure of an answer that breaks the protocol; it quotes what was sent. */
    static ModelHubException notHttp(String subject, URI uri, Throwable cause) {
        return new ModelHubException(
                subject,
                "an answer of " + withoutQuery(uri) + " that is not valid HTTP (" + cause.getMessage() + ")",
                "HTTP",
                "check the address of the hub, and any proxy on the way to it",
                cause);
    }

    private static boolean isCausedBy(Class<? extends Exception> type, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return true;
            }
        }
        return false;
    }

    /** Returns where a redirect leads: anywhere by HTTP, but not from a secure address to an open one. */
    private static URI target(String subject, URI from, String location) throws ModelHubException {
        URI to;
        try {
            to = from.resolve(new URI(location));
        } catch (URISyntaxException e) {
            // The cause would show the address with its signature.
            throw badRedirect(subject, from, "an address that is none");
        }
        boolean secure = "https".equalsIgnoreCase(to.getScheme());
        boolean open = "http".equalsIgnoreCase(to.getScheme()) && !"https".equalsIgnoreCase(from.getScheme());
        if (location.isEmpty() || to.getHost() == null || !(secure || open)) {
            throw badRedirect(
                    subject, from, location.isEmpty() || to.getHost() == null ? "nowhere" : quoted(withoutQuery(to)));
        }
        return to;
    }

    private static ModelHubException badRedirect(String subject, URI from, String to) {
        return new ModelHubException(
                subject,
                "a redirect from " + withoutQuery(from) + " to " + to,
                "one to an https address",
                "check the address of the hub");
    }

    /** For messages: queries of redirects are signatures that open the file. */
    static String withoutQuery(URI uri) {
        int port = uri.getPort();
        return uri.getScheme() + "://" + uri.getHost() + (port < 0 ? "" : ":" + port) + uri.getRawPath();
    }

    /** Seconds, or a date, as RFC 9110 section 10.2.3 has it; nothing for what is neither. */
    private Duration retryAfter(String value) {
        try {
            if (value.matches("[0-9]{1,9}")) {
                return Duration.ofSeconds(Long.parseLong(value));
            }
            if (!value.isEmpty()) {
                Instant date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                        .toInstant();
                Duration wait = Duration.between(Instant.now(), date);
                return wait.isNegative() ? Duration.ZERO : wait;
            }
        } catch (DateTimeException e) {
            LOG.debug(
                    "The hub's Retry-After is neither seconds nor a date: {} ({})",
                    quoted(redaction().text(value)),
                    redaction().text(e.getMessage()));
        }
        return Duration.ZERO;
    }
}
