package io.flinkgpt2.job.record;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** The digest of the records: SHA-256, FIPS 180-4. */
final class Sha256 {
    private Sha256() {}

    static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
