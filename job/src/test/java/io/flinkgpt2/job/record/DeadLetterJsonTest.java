package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import io.flinkgpt2.digest.Digests;
import io.flinkgpt2.job.record.DeadLetterJson.Encoded;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.RecordBatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeadLetterJsonTest {
    private static final int LEAST = DeadLetterJson.LEAST_RECORD_BYTES;
    private static final int MAX_VALUE = 900_000;

    private static DeadLetter letter(byte[] key, byte[] value, List<RecordHeader> headers) {
        PromptRecord record =
                new PromptRecord(new RecordSource("prompts", 3, 42, 1_700_000_000_000L), key, value, headers);
        RecordError error = new RecordError("it is wrong", "invalid_request_error", "prompt", "invalid_type");
        return new DeadLetter(record, error, "job-1", 1_700_000_000_007L);
    }

    @Test
    void aLetterIsWrittenFieldByField() {
        List<RecordHeader> headers = List.of(Requests.header("a", null), Requests.header("b", "1"));
        byte[] key = {0, -1};

        Encoded encoded = DeadLetterJson.write(letter(key, "{}x".getBytes(UTF_8), headers), MAX_VALUE, 1 << 20);

        assertThat(new String(encoded.value(), UTF_8))
                .isEqualTo("{\"source\":{\"topic\":\"prompts\",\"partition\":3,\"offset\":42,"
                        + "\"timestamp\":1700000000000},\"key\":\"AP8=\",\"value\":\"e314\","
                        + "\"error\":{\"message\":\"it is wrong\",\"type\":\"invalid_request_error\","
                        + "\"param\":\"prompt\",\"code\":\"invalid_type\"},"
                        + "\"job\":\"job-1\",\"failed_at\":\"2023-11-14T22:13:20.007Z\"}");
        assertThat(encoded.key()).isSameAs(key);
        assertThat(encoded.headers()).containsExactlyElementsOf(headers);
    }

    @Test
    void aTombstoneWithoutKeyAndHeadersHasNulls() {
        Encoded encoded = DeadLetterJson.write(letter(null, null, null), MAX_VALUE, LEAST);

        assertThat(new String(encoded.value(), UTF_8)).contains("\"key\":null,\"value\":null,\"error\"");
        assertThat(encoded.key()).isNull();
        assertThat(encoded.headers()).isEmpty();
    }

    @Test
    void anEmptyKeyAndValueAreNotNull() {
        Encoded encoded = DeadLetterJson.write(letter(new byte[0], new byte[0], List.of()), 0, LEAST);

        assertThat(new String(encoded.value(), UTF_8)).contains("\"key\":\"\",\"value\":\"\",\"error\"");
        assertThat(encoded.key()).isEmpty();
    }

    @Test
    void aValuePastItsLimitIsCutThereAndSaysSo() {
        byte[] value = "abcdef".getBytes(UTF_8);

        Encoded whole = DeadLetterJson.write(letter(null, value, null), 6, LEAST);
        Encoded cut = DeadLetterJson.write(letter(null, value, null), 5, LEAST);

        assertThat(Requests.json(whole.value()).has("value_truncated")).isFalse();
        assertThat(new String(cut.value(), UTF_8))
                .contains("\"key\":null,\"value\":\"YWJjZGU=\",\"value_truncated\":true,\"value_length\":6,"
                        // sha256sum of abcdef
                        + "\"value_sha256\":\"bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721\","
                        + "\"error\"");
    }

    @Test
    void aValueIsCutFurtherWhereTheRecordWouldBeTooLarge() throws IOException {
        byte[] value = randomBytes(1, 40_000);

        Encoded encoded = DeadLetterJson.write(letter(null, value, null), MAX_VALUE, LEAST);

        JsonNode json = Requests.json(encoded.value());
        byte[] kept = json.get("value").binaryValue();
        assertThat(kept).isEqualTo(Arrays.copyOf(value, kept.length));
        assertThat(encoded.value().length).isBetween(LEAST - 500, LEAST);
        assertThat(json.get("value_length").intValue()).isEqualTo(40_000);
        assertThat(json.get("value_sha256").textValue())
                .isEqualTo(HexFormat.of().formatHex(Digests.sha256().digest(value)));
    }

    @Test
    void aKeyPastHalfOfTheRoomIsCutAndLeavesTheKafkaRecord() throws IOException {
        byte[] key = randomBytes(2, 100_000);
        byte[] value = randomBytes(3, 100);

        Encoded encoded = DeadLetterJson.write(letter(key, value, null), MAX_VALUE, LEAST);

        JsonNode json = Requests.json(encoded.value());
        byte[] kept = json.get("key").binaryValue();
        assertThat(encoded.key()).isNull();
        assertThat(kept).hasSizeGreaterThan(5_000).isEqualTo(Arrays.copyOf(key, kept.length));
        assertThat(json.get("key_truncated").booleanValue()).isTrue();
        assertThat(json.get("key_length").intValue()).isEqualTo(100_000);
        assertThat(json.get("key_sha256").textValue()).hasSize(64);
        assertThat(json.get("value").binaryValue()).isEqualTo(value);
    }

    @Test
    void aKeyThatFitsOnlyOnceStaysWholeInTheJson() throws IOException {
        byte[] key = randomBytes(4, 5_000);

        Encoded encoded = DeadLetterJson.write(letter(key, null, null), MAX_VALUE, LEAST);

        assertThat(encoded.key()).isNull();
        assertThat(Requests.json(encoded.value()).get("key").binaryValue()).isEqualTo(key);
        assertThat(Requests.json(encoded.value()).has("key_truncated")).isFalse();
    }

    @Test
    void headersThatDoNotFitAreDroppedAndCounted() {
        RecordHeader small = Requests.header("trace", "1");
        RecordHeader huge = new RecordHeader("huge", new byte[50_000]);
        RecordHeader last = Requests.header("é", null);

        Encoded encoded = DeadLetterJson.write(letter(null, new byte[10], List.of(small, huge, huge, last)), 10, LEAST);

        assertThat(encoded.headers()).containsExactly(small, last);
        assertThat(Requests.json(encoded.value()).get("headers_dropped").intValue())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE})
    void anyInstantIsWritten(long millis) {
        DeadLetter letter = letter(null, null, null);
        letter.failedAt = millis;

        assertThat(Requests.json(DeadLetterJson.write(letter, 0, LEAST).value())
                        .get("failed_at")
                        .textValue())
                .endsWith(String.format("%03dZ", Math.floorMod(millis, 1000)));
    }

    @Test
    void noLetterIsLargerThanAllowedByKafkasOwnCount() {
        Random random = new Random(5);
        int[] sizes = {0, 1, 10, 1_000, 5_000, 12_000, 16_384, 30_000, 100_000};
        String[] texts = {"", "plain", "\0".repeat(5_000), "\ud800".repeat(5_000), "é😀".repeat(5_000), null};
        for (int i = 0; i < 1_000; i++) {
            List<RecordHeader> headers = new ArrayList<>();
            for (int h = pick(random, 0, 0, 1, 3, 3_000); h > 0; h--) {
                headers.add(new RecordHeader(
                        pick(random, "", "k", "é".repeat(300)),
                        random.nextBoolean() ? null : new byte[h > 100 ? 2 : sizes[random.nextInt(sizes.length)]]));
            }
            DeadLetter letter = letter(
                    pick(random, null, randomBytes(i, sizes[random.nextInt(sizes.length)])),
                    pick(random, null, randomBytes(i + 1, sizes[random.nextInt(sizes.length)])),
                    pick(random, null, headers));
            letter.source.topic = pick(random, texts);
            letter.job = pick(random, texts);
            letter.error =
                    new RecordError(pick(random, texts), pick(random, texts), pick(random, texts), pick(random, texts));
            int maxRecordBytes = pick(random, LEAST, LEAST + 1, 20_000, 60_000);

            Encoded encoded = DeadLetterJson.write(letter, pick(random, 0, 100, MAX_VALUE), maxRecordBytes);

            Requests.json(encoded.value());
            assertThat(kafkaSize(encoded)).as("letter " + i).isLessThanOrEqualTo(maxRecordBytes);
        }
    }

    @Test
    void theWorstLetterStillShowsTheHeadOfItsValue() throws IOException {
        DeadLetter letter = letter(
                randomBytes(6, 90_000), randomBytes(7, 90_000), Collections.nCopies(9_000, Requests.header("h", "v")));
        letter.source.topic = "\0".repeat(1_000);
        letter.job = letter.source.topic;
        letter.error = new RecordError("\0".repeat(9_000), letter.job, letter.job, letter.job);

        JsonNode json =
                Requests.json(DeadLetterJson.write(letter, MAX_VALUE, LEAST).value());

        assertThat(json.get("value").binaryValue()).hasSizeGreaterThan(600);
        assertThat(json.at("/error/message").textValue()).hasSize(1_003).endsWith("...");
    }

    @Test
    void limitsOutOfRangeAreRefused() {
        DeadLetter letter = letter(null, null, null);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeadLetterJson.write(letter, -1, LEAST))
                .withMessageContaining("found -1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DeadLetterJson.write(letter, 0, LEAST - 1))
                .withMessageContaining("found 16383, expected at least 16384");
    }

    /** What a producer holds against max.request.size. */
    private static int kafkaSize(Encoded encoded) {
        Header[] headers = encoded.headers().stream()
                .map(header -> new org.apache.kafka.common.header.internals.RecordHeader(header.key, header.value))
                .toArray(Header[]::new);
        return AbstractRecords.estimateSizeInBytesUpperBound(
                RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE, encoded.key(), encoded.value(), headers);
    }

    @SafeVarargs
    private static <T> T pick(Random random, T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private static byte[] randomBytes(long seed, int length) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
