package io.flinkgpt2.job.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.types.PojoTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Flink serializes the records field by field, and gets back what was there, null included. */
class RecordTypesTest {

    @ParameterizedTest
    @ValueSource(
            classes = {
                RecordSource.class,
                RecordHeader.class,
                PromptRecord.class,
                PromptRequest.class,
                CompletionRecord.class,
                CompletionChoice.class,
                RequestMetrics.class,
                RecordError.class,
                DeadLetter.class
            })
    void everyRecordIsAPojoWithoutKryo(Class<?> type) {
        PojoTestUtils.assertSerializedAsPojoWithoutKryo(type);
    }

    @ParameterizedTest
    @ValueSource(
            classes = {
                RecordSource.class,
                RecordHeader.class,
                PromptRecord.class,
                PromptRequest.class,
                CompletionRecord.class,
                CompletionChoice.class,
                RequestMetrics.class,
                RecordError.class,
                DeadLetter.class
            })
    void everyRecordWithoutContentComesBackFromFlink(Class<?> type) throws ReflectiveOperationException, IOException {
        Object empty = type.getConstructor().newInstance();

        assertThat(throughFlink(empty)).usingRecursiveComparison().isEqualTo(empty);
    }

    @Test
    void aFullPromptComesBackFromFlink() throws IOException {
        PromptRecord record = Requests.record(new byte[] {-1, 0}, "{\"prompt\":\"Hi\"}");
        record.headers = List.of(Requests.header("a", "1"), Requests.header("a", null), Requests.header("", ""));

        assertThat(throughFlink(record)).usingRecursiveComparison().isEqualTo(record);
        record.headers = new ArrayList<>();
        assertThat(throughFlink(record)).usingRecursiveComparison().isEqualTo(record);
    }

    @Test
    void aFullRequestComesBackFromFlink() throws IOException, InvalidRequestException {
        PromptRecord record = Requests.record("key".getBytes(UTF_8), """
                {"prompt":"Hello world","metadata":{"a":1},"user":"é","seed":-1,"temperature":0.5,
                 "max_tokens":127,"truncate_prompt":"right"}""");
        record.headers = Requests.headers("h", null);
        PromptRequest request = Requests.parser(UnknownFields.REJECT, 2).parse(record, Requests.NOW);

        assertThat(request.droppedTokens[0]).isEqualTo(1);
        assertThat(request.truncatedSide).isEqualTo("right");
        assertThat(throughFlink(request)).usingRecursiveComparison().isEqualTo(request);
    }

    @Test
    void aFullCompletionComesBackFromFlink() throws IOException {
        CompletionRecord record = CompletionJsonTest.completion();
        record.error = new RecordError("m", "t", null, "c");
        CompletionChoice full = record.choices.get(0);
        full.promptTokensDropped = 3;
        full.truncatedSide = "left";
        full.stopTokenId = 50256;
        full.logprobs = "{}";
        full.cumulativeLogprob = -1.5;
        full.promptLogprobs = "[null]";
        full.promptTokenIds = new int[] {1};
        record.sessionId = "\"s\"";
        record.envelope = true;

        assertThat(throughFlink(record)).usingRecursiveComparison().isEqualTo(record);
    }

    @Test
    void aFullDeadLetterComesBackFromFlink() throws IOException {
        PromptRecord record = Requests.record(new byte[] {1}, "x");
        record.headers = Requests.headers("h", "v");
        DeadLetter letter = new DeadLetter(record, Requests.errorOf(record), "job", Requests.NOW);

        assertThat(throughFlink(letter)).usingRecursiveComparison().isEqualTo(letter);
    }

    @SuppressWarnings("unchecked")
    private static <T> T throughFlink(T record) throws IOException {
        TypeInformation<T> type = TypeInformation.of((Class<T>) record.getClass());
        TypeSerializer<T> serializer = type.createSerializer(new SerializerConfigImpl());
        DataOutputSerializer out = new DataOutputSerializer(256);
        serializer.serialize(record, out);
        T copy = serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
        assertThat(serializer.copy(record)).usingRecursiveComparison().isEqualTo(copy);
        return copy;
    }
}
