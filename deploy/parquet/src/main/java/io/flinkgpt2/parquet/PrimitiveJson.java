package io.flinkgpt2.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BigIntegerNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.FloatNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.time.LocalTime;
import java.util.Base64;
import java.util.UUID;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DateLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.DecimalLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.EnumLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.IntLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.JsonLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.StringLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType;

/**
 * Single values as JSON: numbers as numbers, those that are not finite as {@code "NaN"} and the like; times and dates in ISO 8601;
 * bytes in base64. {@link PrimitiveGroups} is the other direction.
 */
final class PrimitiveJson {

    private PrimitiveJson() {}

    /** @throws InvalidValueException if it is not a value of its logical type */
    static JsonNode of(Group group, int field, int index, PrimitiveType type) throws InvalidValueException {
        LogicalTypeAnnotation logical = type.getLogicalTypeAnnotation();
        return switch (type.getPrimitiveTypeName()) {
            case BOOLEAN -> BooleanNode.valueOf(group.getBoolean(field, index));
            case INT32 -> of(group.getInteger(field, index), logical);
            case INT64 -> of(group.getLong(field, index), logical);
            case FLOAT -> {
                float value = group.getFloat(field, index);
                yield Float.isFinite(value) ? FloatNode.valueOf(value) : TextNode.valueOf(String.valueOf(value));
            }
            case DOUBLE -> {
                double value = group.getDouble(field, index);
                yield Double.isFinite(value) ? DoubleNode.valueOf(value) : TextNode.valueOf(String.valueOf(value));
            }
            case INT96 -> TextNode.valueOf(Times.ofInt96(group.getInt96(field, index)));
            case BINARY, FIXED_LEN_BYTE_ARRAY ->
                of(group.getBinary(field, index).getBytes(), logical);
        };
    }

    private static JsonNode of(int value, LogicalTypeAnnotation logical) throws InvalidValueException {
        if (logical instanceof DateLogicalTypeAnnotation) {
            return TextNode.valueOf(LocalDate.ofEpochDay(value).toString());
        }
        if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
            return DecimalNode.valueOf(BigDecimal.valueOf(value, decimal.getScale()));
        }
        if (logical instanceof TimeLogicalTypeAnnotation) {
            return time(value, 1_000_000);
        }
        if (logical instanceof IntLogicalTypeAnnotation integer && !integer.isSigned()) {
            return LongNode.valueOf(Integer.toUnsignedLong(value));
        }
        return IntNode.valueOf(value);
    }

    private static JsonNode of(long value, LogicalTypeAnnotation logical) throws InvalidValueException {
        if (logical instanceof TimestampLogicalTypeAnnotation timestamp) {
            return TextNode.valueOf(Times.of(value, timestamp));
        }
        if (logical instanceof DecimalLogicalTypeAnnotation decimal) {
            return DecimalNode.valueOf(BigDecimal.valueOf(value, decimal.getScale()));
        }
        if (logical instanceof TimeLogicalTypeAnnotation time) {
            return time(value, time.getUnit() == LogicalTypeAnnotation.TimeUnit.MICROS ? 1000 : 1);
        }
        if (logical instanceof IntLogicalTypeAnnotation integer && !integer.isSigned()) {
            return BigIntegerNode.valueOf(new BigInteger(Long.toUnsignedString(value)));
        }
        return LongNode.valueOf(value);
    }

    private static JsonNode time(long value, long nanos) throws InvalidValueException {
        long day = 86_400_000_000_000L / nanos;
        if (value < 0 || value >= day) {
            throw new InvalidValueException("found the time " + value + ", expected one from 0 to below " + day);
        }
        return TextNode.valueOf(LocalTime.ofNanoOfDay(value * nanos).toString());
    }

    private static JsonNode of(byte[] bytes, LogicalTypeAnnotation logical) throws InvalidValueException {
        if (logical instanceof StringLogicalTypeAnnotation
                || logical instanceof EnumLogicalTypeAnnotation
                || logical instanceof JsonLogicalTypeAnnotation) {
            return TextNode.valueOf(utf8(bytes));
        }
        if (logical instanceof DecimalLogicalTypeAnnotation decimal && bytes.length > 0) {
            return DecimalNode.valueOf(new BigDecimal(new BigInteger(bytes), decimal.getScale()));
        }
        if (logical instanceof UUIDLogicalTypeAnnotation) {
            ByteBuffer halves = ByteBuffer.wrap(bytes);
            return TextNode.valueOf(new UUID(halves.getLong(), halves.getLong()).toString());
        }
        return TextNode.valueOf(Base64.getEncoder().encodeToString(bytes));
    }

    private static String utf8(byte[] bytes) throws InvalidValueException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidValueException("found a string that is not UTF-8, expected UTF-8");
        }
    }
}
