package io.flinkgpt2.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The list of the files of a directory of the cache, in {@value #FILE}; written last, so that its presence means that
 * everything is there and was checked.
 *
 * @param repository {@code owner/name}
 * @param revision branch, tag or commit as it was asked for
 * @param commit commit that the revision stood for, or null if the hub did not tell or the files were of several
 * @param hub base address that it came from
 * @param files all files but this one
 */
record Manifest(String repository, String revision, String commit, String hub, List<RemoteFile> files) {

    static final String FILE = "manifest.json";

    private static final int FORMAT = 1;
    private static final ObjectMapper JSON = new ObjectMapper();

    Manifest {
        files = List.copyOf(files);
    }

    Manifest(HubName name, String commit, URI hub, List<RemoteFile> files) {
        this(name.repository(), name.revision(), commit, hub.toString(), files);
    }

    byte[] toJson() throws IOException {
        ObjectNode manifest = JSON.createObjectNode()
                .put("format", FORMAT)
                .put("repository", repository)
                .put("revision", revision)
                .put("hub", hub);
        if (commit != null) {
            manifest.put("commit", commit);
        }
        for (RemoteFile file : files) {
            manifest.withArrayProperty("files")
                    .addObject()
                    .put("name", file.name())
                    .put("size", file.size())
                    .put(key(file.checksum().kind()), file.checksum().hex());
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(manifest);
    }

    /**
     * Reads one.
     *
     * @throws IOException if it is not JSON
     * @throws IllegalArgumentException if it is not what {@link #toJson} writes
     */
    static Manifest fromJson(byte[] json) throws IOException {
        JsonNode manifest = JSON.readTree(json);
        if (manifest.path("format").asInt() != FORMAT) {
            throw new IllegalArgumentException("found the format " + manifest.path("format") + ", expected " + FORMAT);
        }
        List<RemoteFile> files = new ArrayList<>();
        for (JsonNode file : manifest.path("files")) {
            Checksum.Kind kind = file.has(key(Checksum.Kind.SHA256)) ? Checksum.Kind.SHA256 : Checksum.Kind.GIT_BLOB;
            files.add(new RemoteFile(
                    file.path("name").asText(),
                    file.path("size").asLong(-1),
                    new Checksum(kind, file.path(key(kind)).asText())));
        }
        if (files.isEmpty()) {
            throw new IllegalArgumentException("found no files, expected some");
        }
        return new Manifest(
                manifest.path("repository").asText(),
                manifest.path("revision").asText(),
                HubName.isCommit(manifest.path("commit").asText())
                        ? manifest.path("commit").asText()
                        : null,
                manifest.path("hub").asText(),
                files);
    }

    private static String key(Checksum.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
