package io.flinkgpt2.parquet;

import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;

/** Timestamps in ISO 8601: with a {@code Z} where they are adjusted to UTC, and without where they are local ones. */
final class Times {
    private static final long NANOS = 1_000_000_000L;
    private static final long SECONDS_OF_A_DAY = 86_400;
    private static final long EPOCH_AS_JULIAN_DAY = 2_440_588;

    private Times() {}

    static String of(long value, TimestampLogicalTypeAnnotation type) {
        long units = unitsOfASecond(type.getUnit());
        Instant instant =
                Instant.ofEpochSecond(Math.floorDiv(value, units), Math.floorMod(value, units) * (NANOS / units));
        return type.isAdjustedToUTC()
                ? instant.toString()
                : LocalDateTime.ofInstant(instant, ZoneOffset.UTC).toString();
    }

    /** Returns the value of a text that {@link #of} made. */
    static long parse(String text, TimestampLogicalTypeAnnotation type) {
        Instant instant = type.isAdjustedToUTC()
                ? Instant.parse(text)
                : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        long units = unitsOfASecond(type.getUnit());
        // The smallest values overflow between the steps.
        return BigInteger.valueOf(instant.getEpochSecond())
                .multiply(BigInteger.valueOf(units))
                .add(BigInteger.valueOf(instant.getNano() / (NANOS / units)))
                .longValueExact();
    }

    private static long unitsOfASecond(TimeUnit unit) {
        return switch (unit) {
            case MILLIS -> 1000;
            case MICROS -> 1_000_000;
            case NANOS -> NANOS;
        };
    }

    /** Returns the old form of a timestamp: nanoseconds of a Julian day. */
    static String ofInt96(Binary value) {
        NanoTime time = NanoTime.fromBinary(value);
        long seconds = (time.getJulianDay() - EPOCH_AS_JULIAN_DAY) * SECONDS_OF_A_DAY;
        return Instant.ofEpochSecond(seconds, time.getTimeOfDayNanos()).toString();
    }

    static NanoTime parseInt96(String text) {
        Instant instant = Instant.parse(text);
        long day = Math.floorDiv(instant.getEpochSecond(), SECONDS_OF_A_DAY);
        long second = Math.floorMod(instant.getEpochSecond(), SECONDS_OF_A_DAY);
        return new NanoTime((int) (day + EPOCH_AS_JULIAN_DAY), second * NANOS + instant.getNano());
    }
}
