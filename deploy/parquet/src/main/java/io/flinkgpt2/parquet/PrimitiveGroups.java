package io.flinkgpt2.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.job.files.TableRecords;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;

/** Single values that {@link PrimitiveJson} made JSON of, as they were. */
final class PrimitiveGroups {

    private PrimitiveGroups() {}

    /** Adds a value, which is not null, to a field. */
    static void add(Group group, int field, PrimitiveType type, JsonNode value) {
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> group.add(field, value.asBoolean());
            case INT32 -> group.add(field, (int) integer(value, logical));
            case INT64 -> group.add(field, integer(value, logical));
            case FLOAT ->
                group.add(field, value.isTextual() ? Float.parseFloat(value.textValue()) : value.floatValue());
            case DOUBLE ->
                group.add(field, value.isTextual() ? Double.parseDouble(value.textValue()) : value.doubleValue());
            case INT96 -> group.add(field, Times.parseInt96(value.textValue()));
            case BINARY, FIXED_LEN_BYTE_ARRAY ->
                group.add(field, Binary.fromConstantByteArray(bytes(value, type, logical)));
        }
    }

    private static long integer(JsonNode value, LogicalTypeAnnotation logical) {
        if (logical instanceof DateLogicalTypeAnnotation) {
            return LocalDate.parse(value.textValue()).toEpochDay();
        }
        if (logical instanceof TimestampLogicalTypeAnnotation timestamp) {
            return Times.parse(value.textValue(), timestamp);
        }
        if (logical instanceof TimeLogicalTypeAnnotation time) {
            long nanos = LocalTime.parse(value.textValue()).toNanoOfDay();
            return switch (time.getUnit()) {
                case MILLIS -> nanos / 1_000_000;
                case MICROS -> nanos / 1000;
                case NANOS -> nanos;
            };
        }
        if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
            return unscaled(value, decimal).longValueExact();
        }
        return value.bigIntegerValue().longValue(); // the bits of an unsigned one
    }

    private static BigInteger unscaled(JsonNode value, DecimalLogicalTypeAnnotation decimal) {
        BigDecimal number = value.decimalValue();
        return number.setScale(decimal.getScale(), RoundingMode.UNNECESSARY).unscaledValue();
    }

    private static byte[] bytes(JsonNode value, PrimitiveType type, LogicalTypeAnnotation logical) {
        if (logical instanceof StringLogicalTypeAnnotation
                || logical instanceof EnumLogicalTypeAnnotation
                || logical instanceof JsonLogicalTypeAnnotation) {
            // Where tables differ in a column's type it is one of texts, and other values are their JSON.
            return value.isTextual() ? value.textValue().getBytes(StandardCharsets.UTF_8) : TableRecords.json(value);
        }
        if (logical instanceof DecimalLogicalTypeAnnotation decimal && !value.isTextual()) {
            byte[] bytes = unscaled(value, decimal).toByteArray();
            return type.getPrimitiveTypeName() == PrimitiveTypeName.BINARY
                    ? bytes
                    : extended(bytes, type.getTypeLength());
        }
        if (logical instanceof UUIDLogicalTypeAnnotation) {
            UUID id = UUID.fromString(value.textValue());
            return ByteBuffer.allocate(16)
                    .putLong(id.getMostSignificantBits())
                    .putLong(id.getLeastSignificantBits())
                    .array();
        }
        return Base64.getDecoder().decode(value.textValue());
    }

    /** Returns a number in two's complement with its sign extended. */
    private static byte[] extended(byte[] bytes, int length) {
        byte[] extended = new byte[length];
        Arrays.fill(extended, (byte) (bytes[0] < 0 ? -1 : 0));
        System.arraycopy(bytes, 0, extended, length - bytes.length, bytes.length);
        return extended;
    }
}
