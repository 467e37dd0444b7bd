package io.flinkgpt2.cli.verify;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.flinkgpt2.hub.ModelLocation;
import io.flinkgpt2.pretrained.Pretrained;
import io.flinkgpt2.validation.CheckResult;
import io.flinkgpt2.validation.Outcome;
import io.flinkgpt2.validation.Perplexity;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/**
 * An object a line for each result, and a last one with the model and the counts. A number that JSON does not have is a
 * string: {@code "NaN"}, {@code "Infinity"}.
 */
final class JsonVerification extends Verification {

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final PrintWriter out;
    private final ObjectNode summary = MAPPER.createObjectNode();

    JsonVerification(PrintWriter out) {
        this.out = out;
    }

    @Override
    void begin(ModelLocation location, Pretrained pretrained) {
        summary.put("model", location.name())
                .put("path", location.path().toString())
                .put("model_revision", pretrained.revision())
                .put("precision", lower(pretrained.precision()))
                .put("kernels", pretrained.model().kernels().name());
    }

    @Override
    protected void write(List<CheckResult> results) {
        results.forEach(result -> print(json(result)));
    }

    @Override
    protected void write(CheckResult result, long bytes, Perplexity perplexity) {
        print(json(result)
                .put("perplexity", perplexity.value())
                .put("nats_per_token", perplexity.nats())
                .put("bits_per_byte", perplexity.bitsPerByte(bytes))
                .put("bytes", bytes)
                .put("tokens", perplexity.tokens())
                .put("scored_tokens", perplexity.scoredTokens())
                .put("windows", perplexity.windows())
                .put("window", perplexity.window())
                .put("stride", perplexity.stride()));
    }

    @Override
    void end() {
        for (Outcome outcome : Outcome.values()) {
            summary.put(lower(outcome), count(outcome));
        }
        print(summary);
    }

    private static ObjectNode json(CheckResult result) {
        ObjectNode json = MAPPER.createObjectNode().put("group", result.group());
        result.point().ifPresent(point -> json.put("point", point));
        json.put("name", result.name());
        json.set("shape", MAPPER.valueToTree(result.shape()));
        json.set("first_values", MAPPER.valueToTree(result.firstValues()));
        json.put("against", result.against());
        result.difference().ifPresent(difference -> json.put("difference", difference));
        result.tolerance().ifPresent(tolerance -> json.put("tolerance", tolerance));
        return json.put("result", lower(result.outcome())).put("detail", result.detail());
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private void print(ObjectNode json) {
        try {
            out.print(MAPPER.writeValueAsString(json) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an object of strings and numbers is always JSON", e);
        }
        out.flush();
    }
}
