package io.flinkgpt2.digest;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The examples of FIPS 180-4. */
class DigestsTest {

    @Test
    void sha256OfTheStandardsExample() {
        assertThat(hexOfAbc(Digests.sha256()))
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    @Test
    void sha1OfTheStandardsExample() {
        assertThat(hexOfAbc(Digests.sha1())).isEqualTo("a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    @Test
    void eachIsANewOne() {
        MessageDigest first = Digests.sha256();
        first.update((byte) 1);

        assertThat(hexOfAbc(Digests.sha256())).isNotEqualTo(hexOfAbc(first));
    }

    private static String hexOfAbc(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest("abc".getBytes(US_ASCII)));
    }
}
