package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.flinkgpt2.generation.PromptTruncation;
import java.io.Serializable;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Defaults of a job for fields that a request lacks.
 *
 * @param truncation {@code truncate_prompt}: what becomes of a prompt that does not fit
 * @param allowSpecialTokens {@code allow_special_tokens}: whether text that spells a special token is that token
 * @param fields any fields, as JSON by their names; they are judged as if they stood in the request
 */
public record RequestDefaults(PromptTruncation truncation, boolean allowSpecialTokens, Map<String, String> fields)
        implements Serializable {
    private static final long serialVersionUID = 1L;

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    public RequestDefaults {
        Objects.requireNonNull(truncation, "truncation");
        fields = Map.copyOf(fields);
    }

    /** Returns the format's own: a prompt that does not fit is an error, and text is only text. */
    public static RequestDefaults ofTheFormat() {
        return new RequestDefaults(PromptTruncation.ERROR, false, Map.of());
    }

    /** Returns the same with these fields in place of those there were. */
    public RequestDefaults withFields(Map<String, String> others) {
        return new RequestDefaults(truncation, allowSpecialTokens, others);
    }

    /** Returns a value as JSON: itself if it is JSON, else a string. */
    public static String asJson(String value) {
        try {
            // Both a check and the plain form: no line end or comment stays.
            return JSON.writeValueAsString(JSON.readTree(value));
        } catch (JsonProcessingException e) {
            return RecordJson.quote(value);
        }
    }

    /** Returns the fields in one order, for what has to be the same for the same fields; empty if there are none. */
    public String describeFields() {
        return fields.isEmpty() ? "" : new TreeMap<>(fields).toString();
    }
}
