package io.flinkgpt2.job.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
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
        byte[] bytes = bytes(2000, 256);
        byte[] whole = TestFile.compressed(compression, bytes);
        int wholeLengths = 0;
        for (int length = 1; length < whole.length; length++) {
            InputStream in = compression.open(new ByteArrayInputStream(Arrays.copyOf(whole, length)));
            try {
                // Only between the two members.
                assertThat(in.readAllBytes())
                        .as("%d of %d", length, whole.length)
                        .isEqualTo(Arrays.copyOf(bytes, 1000));
                wholeLengths++;
            } catch (DamagedFileException e) {
                assertThat(e).hasMessageContaining("expected a whole file");
            }
        }
        assertThat(wholeLengths).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(
            value = Compression.class,
            names = {"GZIP", "ZSTD"})
    void whatCannotBeReadIsNotDamaged(Compression compression) throws IOException {
        byte[] whole = TestFile.compressed(compression, bytes(2000, 256));
        IOException failure = new IOException("the disk");
        InputStream in = compression.open(new SequenceInputStream(
                new ByteArrayInputStream(Arrays.copyOf(whole, 700)),
                new FilterInputStream(InputStream.nullInputStream()) {
                    @Override
                    public int read(byte[] bytes, int offset, int length) throws IOException {
                        throw failure;
                    }
                }));

        assertThatThrownBy(in::readAllBytes).isSameAs(failure);
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
