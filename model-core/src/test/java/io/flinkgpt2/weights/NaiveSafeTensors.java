package io.flinkgpt2.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The oracle: reads a whole file into memory and computes each value from sign, exponent and mantissa by arithmetic. Shares
 * no code with the product.
 */
final class NaiveSafeTensors {
    final Map<String, String> dtypes = new LinkedHashMap<>();
    final Map<String, List<Long>> shapes = new LinkedHashMap<>();
    final Map<String, float[]> values = new LinkedHashMap<>();

    NaiveSafeTensors(Path file) throws IOException {
        byte[] all = Files.readAllBytes(file);
        byte[] length = Arrays.copyOf(all, 8);
        int header = littleEndian(length, 0, 8).intValueExact();
        JsonNode json = new ObjectMapper().readTree(Arrays.copyOfRange(all, 8, 8 + header));
        for (Map.Entry<String, JsonNode> field : json.properties()) {
            if (!field.getKey().equals("__metadata__")) {
                add(field.getKey(), field.getValue(), ByteBuffer.wrap(all, 8 + header, all.length - 8 - header));
            }
        }
    }

    private void add(String name, JsonNode entry, ByteBuffer data) {
        String dtype = entry.get("dtype").asText();
        List<Long> shape = new ArrayList<>();
        entry.get("shape").forEach(size -> shape.add(size.asLong()));
        int begin = entry.get("data_offsets").get(0).asInt();
        int end = entry.get("data_offsets").get(1).asInt();
        byte[] bytes = new byte[end - begin];
        data.get(data.position() + begin, bytes);
        int size = dtype.equals("F32") ? 4 : 2;
        float[] floats = new float[bytes.length / size];
        for (int i = 0; i < floats.length; i++) {
            int bits = littleEndian(bytes, i * size, size).intValue();
            floats[i] = switch (dtype) {
                case "F32" -> value(bits, 8, 23);
                case "F16" -> value(bits, 5, 10);
                case "BF16" -> value(bits, 8, 7);
                default -> throw new IllegalArgumentException(dtype);
            };
        }
        dtypes.put(name, dtype);
        shapes.put(name, shape);
        values.put(name, floats);
    }

    /** The value of a binary float by its definition in IEEE 754; NaN for all NaNs. */
    static float value(int bits, int exponentBits, int mantissaBits) {
        int sign = (bits >> (exponentBits + mantissaBits)) & 1;
        int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
        int mantissa = bits & ((1 << mantissaBits) - 1);
        int bias = (1 << (exponentBits - 1)) - 1;
        double magnitude;
        if (exponent == (1 << exponentBits) - 1) {
            magnitude = mantissa == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        } else if (exponent == 0) {
            magnitude = Math.scalb((double) mantissa, 1 - bias - mantissaBits);
        } else {
            magnitude = Math.scalb((double) mantissa + (1 << mantissaBits), exponent - bias - mantissaBits);
        }
        return (float) (sign == 1 ? -magnitude : magnitude);
    }

    private static BigInteger littleEndian(byte[] bytes, int offset, int length) {
        byte[] bigEndian = new byte[length];
        for (int i = 0; i < length; i++) {
            bigEndian[length - 1 - i] = bytes[offset + i];
        }
        return new BigInteger(1, bigEndian);
    }
}
