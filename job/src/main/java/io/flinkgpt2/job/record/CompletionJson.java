package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;

/**
 * Writes completions as OpenAI's Completions API does, with fields of vLLM's and our own. Equal records give equal bytes.
 *
 * <p>Fields in order: {@code id}, {@code custom_id}, {@code object} ("text_completion"), {@code created}, {@code model},
 * {@code model_revision}, {@code system_fingerprint}, {@code choices} of {@code index}, {@code text}, {@code token_ids} (only
 * where there are some), {@code finish_reason}, {@code stop_reason}; {@code usage}, {@code metrics}, {@code truncated} of
 * {@code prompt_tokens_dropped} and {@code side} (only where tokens were dropped), {@code source}, {@code metadata} ({@code {}}
 * if there is none), {@code user}, {@code error} (null on success). Key and headers belong to the Kafka record and are not
 * written.
 */
public final class CompletionJson {
    /** Digits after the point of a rate. */
    private static final int RATE_SCALE = 3;

    private CompletionJson() {}

    /**
     * UTF-8, one line, without an end of line. Never fails: half a surrogate pair is written as U+FFFD, what is null as
     * null (a list as an empty one).
     */
    public static byte[] write(CompletionRecord record) {
        return RecordJson.object(json -> writeFields(json, record));
    }

    private static void writeFields(JsonGenerator json, CompletionRecord record) throws IOException {
        RecordJson.writeString(json, "id", record.id);
        RecordJson.writeString(json, "custom_id", record.customId);
        json.writeStringField("object", "text_completion");
        json.writeNumberField("created", record.created);
        RecordJson.writeString(json, "model", record.model);
        RecordJson.writeString(json, "model_revision", record.modelRevision);
        RecordJson.writeString(json, "system_fingerprint", record.systemFingerprint);
        writeChoices(json, record.choices == null ? List.of() : record.choices);
        json.writeObjectFieldStart("usage");
        json.writeNumberField("prompt_tokens", record.promptTokens);
        json.writeNumberField("completion_tokens", record.completionTokens);
        json.writeNumberField("total_tokens", (long) record.promptTokens + record.completionTokens);
        json.writeEndObject();
        writeMetrics(json, record.metrics);
        if (record.promptTokensDropped > 0) {
            json.writeObjectFieldStart("truncated");
            json.writeNumberField("prompt_tokens_dropped", record.promptTokensDropped);
            RecordJson.writeString(json, "side", record.truncatedSide);
            json.writeEndObject();
        }
        RecordJson.writeSource(json, record.source, Integer.MAX_VALUE);
        RecordJson.writeJson(json, "metadata", record.metadata, "{}");
        RecordJson.writeJson(json, "user", record.user, "null");
        RecordJson.writeError(json, record.error, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static void writeChoices(JsonGenerator json, List<CompletionChoice> choices) throws IOException {
        json.writeArrayFieldStart("choices");
        for (CompletionChoice choice : choices) {
            json.writeStartObject();
            json.writeNumberField("index", choice.index);
            RecordJson.writeString(json, "text", choice.text);
            if (choice.tokenIds != null) {
                json.writeFieldName("token_ids");
                json.writeArray(choice.tokenIds, 0, choice.tokenIds.length);
            }
            RecordJson.writeString(json, "finish_reason", choice.finishReason);
            RecordJson.writeString(json, "stop_reason", choice.stopReason);
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writeMetrics(JsonGenerator json, RequestMetrics metrics) throws IOException {
        if (metrics == null) {
            json.writeNullField("metrics");
            return;
        }
        json.writeObjectFieldStart("metrics");
        json.writeNumberField("queue_time_ms", metrics.queueTimeMs);
        json.writeNumberField("time_to_first_token_ms", metrics.timeToFirstTokenMs);
        json.writeNumberField("generation_time_ms", metrics.generationTimeMs);
        json.writeFieldName("tokens_per_second");
        if (Double.isFinite(metrics.tokensPerSecond)) {
            BigDecimal rate = BigDecimal.valueOf(metrics.tokensPerSecond).setScale(RATE_SCALE, RoundingMode.HALF_EVEN);
            json.writeNumber(rate.toPlainString()); // Jackson would write large ones with an exponent
        } else {
            json.writeNull();
        }
        json.writeNumberField("cached_tokens", metrics.cachedTokens);
        json.writeEndObject();
    }
}
