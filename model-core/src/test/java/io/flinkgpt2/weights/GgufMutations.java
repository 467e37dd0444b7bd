package io.flinkgpt2.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Damages files of binary records: bits, bytes, numbers, pieces. */
public final class GgufMutations {
    private static final long[] NUMBERS = {
        0, 1, 2, 7, 8, 9, 31, 33, 255, 1 << 16, Integer.MAX_VALUE, 1L << 31, 1L << 32, 1L << 60, Long.MAX_VALUE, -1, -32
    };

    private GgufMutations() {}

    /** One to three mutations of {@code valid}, which stays as it is. */
    public static byte[] mutated(byte[] valid, SplittableRandom random) {
        byte[] bytes = valid.clone();
        int mutations = 1 + random.nextInt(3);
        for (int i = 0; i < mutations && bytes.length > 16; i++) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(9)) {
                case 0, 1, 2 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 3 -> bytes[at] = (byte) random.nextInt(256);
                case 4 -> put(bytes, random.nextInt(bytes.length - 8), Integer.BYTES, random);
                case 5 -> put(bytes, random.nextInt(bytes.length - 8), Long.BYTES, random);
                case 6 -> bytes = splice(bytes, at, at + random.nextInt(1, 9), new byte[0]);
                case 7 -> {
                    int from = random.nextInt(bytes.length);
                    int to = Math.min(bytes.length, from + random.nextInt(1, 40));
                    bytes = splice(bytes, at, at, Arrays.copyOfRange(bytes, from, to));
                }
                default -> bytes = random.nextInt(4) == 0 ? Arrays.copyOf(bytes, at) : bytes;
            }
        }
        return bytes;
    }

    private static void put(byte[] bytes, int at, int width, SplittableRandom random) {
        long number = NUMBERS[random.nextInt(NUMBERS.length)];
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (width == Long.BYTES) {
            buffer.putLong(at, number);
        } else {
            buffer.putInt(at, (int) number);
        }
    }

    private static byte[] splice(byte[] bytes, int from, int to, byte[] middle) {
        int end = Math.min(bytes.length, to);
        return ByteBuffer.allocate(from + middle.length + bytes.length - end)
                .put(bytes, 0, from)
                .put(middle)
                .put(bytes, end, bytes.length - end)
                .array();
    }
}
