package io.flinkgpt2.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Compressed files of several members or frames. */
class CompressionTest {

    @ParameterizedTest
    @EnumSource(Compression.class)
    void allMembersAreRead(Compression compression) throws IOException {
        for (int length : new int[] {0, 1, 1000, 1 << 17, (1 << 18) + 2, 1_000_000}) {
            for (int symbols : new int[] {1, 256}) {
                byte[] bytes = bytes(length, symbols);
                byte[] compressed = TestFile.compressed(compression, bytes);
                try (InputStream in = compression.open(new ByteArrayInputStream(compressed))) {
                    assertThat(in.readAllBytes()).isEqualTo(bytes);
                    assertThat(in.read()).isEqualTo(-1);
                }
            }
        }
    }

    /** As a file system over a network may say it. */
    @ParameterizedTest
    @EnumSource(Compression.class)
    void allMembersAreReadThoughNothingIsAvailable(Compression compression) throws IOException {
        byte[] bytes = bytes(100_000, 256);
        byte[] compressed = TestFile.compressed(compression, bytes);
        InputStream slow = new FilterInputStream(new ChunkedInput(compressed, new Random(1))) {
            @Override
            public int available() {
                return 0;
            }
        };
        try (InputStream in = compression.open(slow)) {
            assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Compression.class,
            names = {"GZIP", "ZSTD"})
    void whatIsCutIsNotTakenForWhole(Compression compression) throws IOException {
        byte[] whole = TestFile.compressed(compression, bytes(2000, 256));
        for (int length = whole.length / 2 + 40; length < whole.length; length++) {
            InputStream in = compression.open(new ByteArrayInputStream(Arrays.copyOf(whole, length)));
            assertThatThrownBy(in::readAllBytes)
                    .as("%d of %d", length, whole.length)
                    .isInstanceOf(DamagedFileException.class);
        }
    }

    private static byte[] bytes(int length, int symbols) {
        Random random = new Random(length);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) random.nextInt(symbols);
        }
        return bytes;
    }
}
