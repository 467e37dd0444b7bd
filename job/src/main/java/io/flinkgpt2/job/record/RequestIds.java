package io.flinkgpt2.job.record;

import io.flinkgpt2.digest.Digests;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Ids that a replay makes again. */
public final class RequestIds {
    private static final String PREFIX = "cmpl-";
    private static final int DIGEST_BYTES = 12;

    private RequestIds() {}

    /**
     * Returns the id of a request's completion, a function of job and request: {@code cmpl-} and 24 lowercase hexadecimal
     * digits, the head of a SHA-256 over the length of {@code job} in UTF-8 (4 bytes, big-endian), {@code job} and {@code
     * customId}.
     */
    public static String completionId(String job, String customId) {
        byte[] jobBytes = job.getBytes(StandardCharsets.UTF_8);
        MessageDigest digest = Digests.sha256();
        // The length says where the job ends, so that no two pairs feed the same bytes.
        digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(jobBytes.length).flip());
        digest.update(jobBytes);
        digest.update(customId.getBytes(StandardCharsets.UTF_8));
        return PREFIX + HexFormat.of().formatHex(digest.digest(), 0, DIGEST_BYTES);
    }

    /** Returns the digits of a completion's id, for other ids of the same request; null for null. */
    static String digits(String completionId) {
        return completionId == null || !completionId.startsWith(PREFIX)
                ? completionId
                : completionId.substring(PREFIX.length());
    }

    /** Returns an id as a log shows it: shortened, and with control characters replaced, for a client chooses it. */
    public static String forLog(String customId) {
        return WireText.printable(customId);
    }
}
