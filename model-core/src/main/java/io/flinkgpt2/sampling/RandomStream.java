package io.flinkgpt2.sampling;

import io.flinkgpt2.digest.Digests;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The random numbers of one choice of one request: the number at a step is a function of seed, choice and step alone, so
 * that a generation that is resumed, or done over, draws the same ones. Twice the finaliser of SplitMix64 (Steele et al.,
 * 2014; constants of Stafford's variant 13), which passes over every bit of the counter.
 */
public final class RandomStream {

    private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

    private RandomStream() {}

    /** Uniform in {@code [0, 1)} with 53 random bits. */
    static double uniform(long seed, int choice, int step) {
        long stream = mix(seed + GOLDEN_GAMMA * (choice + 1L));
        return (mix(stream + GOLDEN_GAMMA * (step + 1L)) >>> 11) * 0x1p-53;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns the first eight bytes of the SHA-256 of a name. */
    public static long seedOf(String name) {
        byte[] hash = Digests.sha256().digest(name.getBytes(StandardCharsets.UTF_8));
        return ByteBuffer.wrap(hash).getLong();
    }
}
