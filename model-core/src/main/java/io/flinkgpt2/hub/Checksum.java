package io.flinkgpt2.hub;

import static io.flinkgpt2.hub.ModelHubException.quoted;

import io.flinkgpt2.digest.Digests;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.regex.Pattern;

/**
 * The checksum of a file's content: SHA-256 for files in large file storage, the git blob id for the others.
 *
 * @param kind how it is computed
 * @param hex in lower case
 */
record Checksum(Kind kind, String hex) {

    /** How a checksum is computed. */
    enum Kind {
        /** SHA-256 of the content. */
        SHA256(Pattern.compile("[0-9a-f]{64}")),
        /** SHA-1 of {@code blob }, the length in decimal, a zero byte, and the content; the id that git gives it. */
        GIT_BLOB(Pattern.compile("[0-9a-f]{40}"));

        private final Pattern form;

        Kind(Pattern form) {
            this.form = form;
        }
    }

    /**
     * Checks the form.
     *
     * @throws IllegalArgumentException if it is not a hash of the kind in lower case
     */
    Checksum {
        if (!kind.form.matcher(hex).matches()) {
            throw new IllegalArgumentException("found the checksum " + quoted(hex) + ", expected "
                    + (kind == Kind.SHA256 ? "64" : "40") + " hexadecimal digits");
        }
    }

    /** Returns a digest to which the content is still to be added. */
    MessageDigest begin(long size) {
        if (kind == Kind.SHA256) {
            return Digests.sha256();
        }
        MessageDigest digest = Digests.sha1();
        digest.update(("blob " + size + "\0").getBytes(StandardCharsets.US_ASCII));
        return digest;
    }

    /** For messages. */
    @Override
    public String toString() {
        return (kind == Kind.SHA256 ? "SHA-256 " : "git blob ") + hex;
    }
}
