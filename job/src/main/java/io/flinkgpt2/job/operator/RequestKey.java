package io.flinkgpt2.job.operator;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.flinkgpt2.job.record.PromptRequest;
import io.flinkgpt2.job.record.RecordSource;
import org.apache.flink.api.java.functions.KeySelector;

/**
 * Within what a request has an order: its Kafka key, byte for byte. One without a key has no order, and a key of its own:
 * where its record stood.
 */
public final class RequestKey implements KeySelector<PromptRequest, String> {
    private static final long serialVersionUID = 1L;

    static final RequestKey OF = new RequestKey();

    @Override
    public String getKey(PromptRequest request) {
        if (request.record.key != null) {
            return "key " + new String(request.record.key, ISO_8859_1);
        }
        RecordSource source = request.record.source;
        return "place " + source.topic + "-" + source.partition + "-" + source.offset;
    }
}
