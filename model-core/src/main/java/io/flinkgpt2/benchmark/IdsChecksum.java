package io.flinkgpt2.benchmark;

import io.flinkgpt2.digest.Digests;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A checksum of generated ids: the SHA-256 of a text in ASCII that has a line for each stream, ended by a line feed, with
 * its ids in decimal, separated by commas.
 */
public final class IdsChecksum {

    private IdsChecksum() {}

    /** Returns the checksum, in lower-case hexadecimal. */
    public static String sha256(List<int[]> streams) {
        MessageDigest digest = Digests.sha256();
        for (int[] ids : streams) {
            String line = Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(",")) + "\n";
            digest.update(line.getBytes(StandardCharsets.US_ASCII));
        }
        return HexFormat.of().formatHex(digest.digest());
    }
}
