package io.flinkgpt2.digest;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The hash functions that every Java platform has, by the specification of {@link MessageDigest}. */
public final class Digests {

    private Digests() {}

    /** Returns a new SHA-256 (FIPS 180-4), of 32 bytes. */
    public static MessageDigest sha256() {
        return of("SHA-256");
    }

    /** Returns a new SHA-1 (FIPS 180-4), of 20 bytes; for ids that others make so, not for protection. */
    public static MessageDigest sha1() {
        return of("SHA-1");
    }

    private static MessageDigest of(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }
}
