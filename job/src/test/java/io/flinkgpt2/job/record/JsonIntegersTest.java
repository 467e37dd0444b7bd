package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.job.record.JsonIntegers.Kind;
import io.flinkgpt2.job.record.JsonIntegers.Parsed;
import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonIntegersTest {

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0, 0",
        "-0.0e5, 0",
        "0e99999999999, 0",
        "16.0, 16",
        "1e2, 100",
        "1E+2, 100",
        "1.6e1, 16",
        "160e-1, 16",
        "-1.50e2, -150",
        "1e0000000000000000002, 100",
        "9007199254740993, 9007199254740993",
        "9007199254740993.0, 9007199254740993",
        "9.007199254740993e15, 9007199254740993",
        "9223372036854775807, 9223372036854775807",
        "9223372036854775807.000, 9223372036854775807",
        "-9223372036854775808.0, -9223372036854775808",
        "-9.223372036854775808e18, -9223372036854775808",
        "1e18, 1000000000000000000"
    })
    void anIntegerIsExactHoweverItIsWritten(String text, long value) {
        assertThat(JsonIntegers.parse(text)).isEqualTo(new Parsed(Kind.LONG, value));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "16.5",
                "0.1",
                "-1e-1",
                "1e-99999999999",
                "1.00000000000000000000000001",
                "15e-2",
                "1e-2147483648"
            })
    void aFractionIsNoIntegerHoweverSmall(String text) {
        assertThat(JsonIntegers.parse(text).kind()).isEqualTo(Kind.FRACTION);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "9223372036854775808",
                "-9223372036854775809",
                "1e19",
                "1e400",
                "-1e400",
                "1e99999999999",
                "1e2147483648"
            })
    void anIntegerPastTheLongsIsOutOfRange(String text) {
        assertThat(JsonIntegers.parse(text).kind()).isEqualTo(Kind.OUT_OF_RANGE);
    }

    @Test
    void randomNumbersAreReadAsBigDecimalsAre() {
        Random random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            String text = (random.nextBoolean() ? "-" : "")
                    + random.nextInt(1000)
                    + (random.nextBoolean() ? "." + random.nextInt(2000) : "")
                    + (random.nextBoolean() ? "e" + (random.nextInt(50) - 25) : "");
            Parsed parsed = JsonIntegers.parse(text);
            BigDecimal exact = new BigDecimal(text);
            boolean integer = exact.stripTrailingZeros().scale() <= 0;
            boolean fits = integer && exact.toBigInteger().bitLength() < Long.SIZE;

            assertThat(parsed.kind())
                    .as(text)
                    .isEqualTo(fits ? Kind.LONG : integer ? Kind.OUT_OF_RANGE : Kind.FRACTION);
            assertThat(parsed.value()).as(text).isEqualTo(fits ? exact.longValueExact() : 0);
        }
    }
}
