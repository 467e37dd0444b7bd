package io.flinkgpt2.job.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.flinkgpt2.tensor.Precision;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SystemFingerprintTest {

    @ParameterizedTest
    @CsvSource({"F32, f32", "BF16, bf16", "INT8, int8"})
    void theNumericModeIsPartOfIt(Precision precision, String name) {
        assertThat(SystemFingerprint.of(precision)).matches("flink-gpt2-\\d+\\.\\d+\\.\\d+\\S*-" + name);
    }
}
