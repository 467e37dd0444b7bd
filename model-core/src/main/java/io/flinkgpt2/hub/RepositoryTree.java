package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.flinkgpt2.json.JsonFault;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The list of files at the root of a repository on the hub: its tree API, {@code GET /api/models/REPOSITORY/tree/REVISION}, an
 * array of {@code {type, path, size, oid, lfs: {oid, size}}} in pages that are linked by the header {@code Link} with {@code
 * rel="next"}. {@code oid} is the git blob id; of a file in large file storage it is that of a pointer, and {@code lfs.oid} is
 * the SHA-256 of the content.
 *
 * @see <a href="https://huggingface.co/docs/hub/api">Hub API endpoints</a>
 */
final class RepositoryTree {

    private static final int MOST_PAGES = 100;
    private static final int MOST_PAGE_BYTES = 4 << 20;
    private static final Pattern NEXT = Pattern.compile("<([^<>]+)>\\s*;[^,]*\\brel=\"?next\"?");

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private final String repository;
    private final HubName name;
    private final Map<String, JsonNode> entries = new TreeMap<>();

    private RepositoryTree(String repository, HubName name) {
        this.repository = repository;
        this.name = name;
    }

    /**
     * Asks for the files at the root of a model's repository.
     *
     * @throws ModelHubException if there is no such model, it may not be read, or the list is not to be trusted
     */
    static RepositoryTree of(HubName name, HubClient client, HubSettings settings) throws IOException {
        ModelHubException refused = null;
        for (String repository : name.remoteNames()) {
            RepositoryTree tree = new RepositoryTree(repository, name);
            Retries retries = new Retries(client, "the list of files of model " + name);
            ModelHubException refusal = retries.run(() -> tree.read(client, settings));
            if (refusal == null) {
                return tree;
            }
            refused = refused == null ? refusal : refused;
        }
        throw refused;
    }

    /** Null, or why the hub does not know or show the repository. */
    private ModelHubException read(HubClient client, HubSettings settings) throws IOException {
        entries.clear();
        String subject = "the list of files of model " + name;
        URI page = URI.create(settings.baseAddress() + "/api/models/" + repository + "/tree/" + encoded(name.revision())
                + "?recursive=false");
        for (int pages = 0; page != null; pages++) {
            if (pages == MOST_PAGES) {
                throw invalid("more than " + MOST_PAGES + " pages", "fewer", null);
            }
            try (HubAnswer answer = client.get(subject, page, 0)) {
                if (answer.status() != HubAnswer.OK) {
                    return Refusals.of(answer, name, client, settings);
                }
                byte[] json = answer.bytes(MOST_PAGE_BYTES);
                if (json == null) {
                    throw invalid("a page of more than " + MOST_PAGE_BYTES + " bytes", "fewer", null);
                }
                add(json);
                page = next(answer, client);
            }
        }
        return null;
    }

    private void add(byte[] json) throws IOException {
        JsonNode page;
        try {
            page = JSON.readTree(json);
        } catch (IOException e) {
            throw invalid("text that is not JSON (" + quoted(JsonFault.describe(e)) + ")", "an array of files", null);
        }
        if (!page.isArray()) {
            throw invalid("JSON that is not an array", "an array of files", null);
        }
        for (JsonNode entry : page) {
            String path = entry.path("path").asText();
            if (!isInside(path)) {
                throw invalid("the path " + quoted(path), "paths below the repository", null);
            }
            if (entry.path("type").asText().equals("file") && !path.contains("/") && entries.put(path, entry) != null) {
                throw invalid(quoted(path) + " twice", "each file once", null);
            }
        }
    }

    /** Returns whether a path stays in its repository on every system. */
    private static boolean isInside(String path) {
        return !path.isEmpty()
                && path.indexOf('\\') < 0
                && path.indexOf('\0') < 0
                && !path.matches("[A-Za-z]:.*")
                && Arrays.stream(path.split("/", -1))
                        .noneMatch(part -> part.isEmpty() || part.equals(".") || part.equals(".."));
    }

    private URI next(HubAnswer answer, HubClient client) throws ModelHubException {
        for (String link : answer.headers().allValues("link")) {
            Matcher matcher = NEXT.matcher(link);
            if (matcher.find()) {
                try {
                    URI next = answer.uri().resolve(matcher.group(1));
                    if (client.isHub(next)) {
                        return next;
                    }
                } catch (IllegalArgumentException e) {
                    throw invalid("a next page with no address", "one of the hub", e);
                }
                throw invalid("a next page on another host", "one of the hub", null);
            }
        }
        return null;
    }

    /** Returns the names of the files at the root, of which some may be unfit to be fetched. */
    List<String> names() {
        return List.copyOf(entries.keySet());
    }

    boolean has(String file) {
        return entries.containsKey(file);
    }

    /**
     * Returns a file with its size and checksum.
     *
     * @throws ModelHubException if it is not listed, or not with both
     */
    RemoteFile file(String file) throws ModelHubException {
        JsonNode entry = entries.get(file);
        if (entry == null) {
            throw invalid("no " + quoted(file), "it", null);
        }
        JsonNode large = entry.path("lfs");
        JsonNode source = large.isObject() ? large : entry;
        JsonNode size = source.path("size");
        if (!size.isIntegralNumber() || !size.canConvertToLong()) {
            throw invalid("the size " + quoted(size.toString()) + " of " + quoted(file), "a number of bytes", null);
        }
        try {
            String hash = source.path("oid").asText().replaceFirst("^sha256:", "");
            Checksum.Kind kind = large.isObject() ? Checksum.Kind.SHA256 : Checksum.Kind.GIT_BLOB;
            return new RemoteFile(file, size.longValue(), new Checksum(kind, hash));
        } catch (IllegalArgumentException e) {
            throw invalid(quoted(file) + ", of which: " + e.getMessage(), "plain names, sizes and checksums", e);
        }
    }

    /** Path of a file's content below the hub's address. */
    String contentPath(RemoteFile file) {
        return "/" + repository + "/resolve/" + encoded(name.revision()) + "/" + encoded(file.name());
    }

    /** Returns a text as it can stand between two slashes of an address. */
    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private ModelHubException invalid(String found, String expected, Exception cause) {
        return new ModelHubException(
                "the list of files of model " + name, found, expected, "check the address of the hub", cause);
    }
}
