package io.flinkgpt2.tokenizer;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** A hash of all that decides what a tokenizer does. */
final class Digest {
    private Digest() {}

    static String of(Tokenizer tokenizer) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            tokenizer.updateDigest(digest);
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
