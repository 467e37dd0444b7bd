package io.flinkgpt2.job.operator;

import io.flinkgpt2.job.record.PromptRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import org.apache.flink.api.common.serialization.SerializerConfigImpl;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.core.memory.DataOutputSerializer;

/** The size of a request in flight in a checkpoint. */
public final class StateSize {

    private StateSize() {}

    /**
     * Returns the number of bytes that Flink's serializer writes for a request with one choice.
     *
     * @param request with the value of its record
     * @param identity of the generation, as the state has it
     * @param generatedTokens tokens that it has so far, 0 or more
     */
    public static int bytes(PromptRequest request, String identity, int generatedTokens) {
        RequestInFlight state = new RequestInFlight(request, identity);
        state.choices = List.of(new ChoiceInFlight(new int[generatedTokens]));
        DataOutputSerializer out = new DataOutputSerializer(1024);
        try {
            TypeInformation.of(RequestInFlight.class)
                    .createSerializer(new SerializerConfigImpl())
                    .serialize(state, out);
        } catch (IOException e) {
            throw new UncheckedIOException("a request cannot be written into memory", e);
        }
        return out.length();
    }
}
