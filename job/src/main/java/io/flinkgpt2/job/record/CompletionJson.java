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
 * {@code model_revision}, {@code system_fingerprint}, {@code choices}, {@code usage}, {@code metrics}, {@code source},
 * {@code session_id} (only if the request has one), {@code metadata} ({@code {}} if there is none), {@code user},
 * {@code error} (null on success). A choice has {@code index}, {@code text}, {@code token_ids}, {@code finish_reason}, {@code stop_reason}, {@code logprobs},
 * {@code cumulative_logprob}, {@code prompt_logprobs}, {@code prompt_token_ids} and {@code truncated}; of these, the lists of
 * ids, the sum, {@code prompt_logprobs} and {@code truncated} only where there are some. Key and headers belong to the Kafka
 * record and are not written.
 *
 * <p>In an envelope the record is the body of a response: {@code id}, {@code custom_id}, {@code response} of
 * {@code status_code} (200, or 500 for a record with an error), {@code request_id} and {@code body}; {@code error}, which is
 * null.
 */
public final class CompletionJson {
    /** Digits after the point of a rate. */
    private static final int RATE_SCALE = 3;

    private static final int OK = 200;
    private static final int FAILED = 500;

    private CompletionJson() {}

    /**
     * UTF-8, one line, without an end of line. Never fails: half a surrogate pair is written as U+FFFD, what is null as
     * null (a list as an empty one).
     */
    public static byte[] write(CompletionRecord record) {
        if (!record.envelope) {
            return RecordJson.object(json -> writeFields(json, record));
        }
        return RecordJson.object(json -> {
            String digits = RequestIds.digits(record.id);
            RecordJson.writeString(json, "id", "batch_req_" + digits);
            RecordJson.writeString(json, "custom_id", record.customId);
            json.writeObjectFieldStart("response");
            json.writeNumberField("status_code", record.error == null ? OK : FAILED);
            RecordJson.writeString(json, "request_id", "req_" + digits);
            json.writeObjectFieldStart("body");
            writeFields(json, record);
            json.writeEndObject();
            json.writeEndObject();
            json.writeNullField("error");
        });
    }

    /**
     * As {@link #write(CompletionRecord)}, of a record that has to fit a topic: one whose choices do not fit has an error in
     * place of them.
     *
     * @param maxRecordBytes the most bytes of the record, key and headers included
     */
    public static byte[] write(CompletionRecord record, long maxRecordBytes) {
        byte[] written = write(record);
        long size = written.length + RecordHeader.size(record.key, record.headers);
        if (size <= maxRecordBytes || record.error != null) {
            return written;
        }
        RecordError error = new RecordError(
                "the answer: found " + size + " bytes, expected at most " + maxRecordBytes
                        + ", for it must fit its topic; ask for less of n, max_tokens, logprobs, prompt_logprobs, echo, or"
                        + " raise the topic's max.message.bytes",
                "server_error",
                null,
                InvalidRequestException.TOO_LARGE);
        return write(record.withError(error));
    }

    private static void writeFields(JsonGenerator json, CompletionRecord record) throws IOException {
        RecordJson.writeString(json, "id", record.id);
        RecordJson.writeString(json, "custom_id", record.customId);
        json.writeStringField("object", "text_completion");
        json.writeNumberField("created", record.created);
        RecordJson.writeString(json, "model", record.model);
        RecordJson.writeString(json, "model_revision", record.modelRevision);
        RecordJson.writeString(json, "system_fingerprint", record.systemFingerprint);
        json.writeArrayFieldStart("choices");
        for (CompletionChoice choice : record.choices == null ? List.<CompletionChoice>of() : record.choices) {
            writeChoice(json, choice);
        }
        json.writeEndArray();
        json.writeObjectFieldStart("usage");
        json.writeNumberField("prompt_tokens", record.promptTokens);
        json.writeNumberField("completion_tokens", record.completionTokens);
        json.writeNumberField("total_tokens", (long) record.promptTokens + record.completionTokens);
        json.writeObjectFieldStart("prompt_tokens_details");
        json.writeNumberField("cached_tokens", record.metrics == null ? 0 : record.metrics.cachedTokens);
        json.writeEndObject();
        json.writeEndObject();
        writeMetrics(json, record.metrics);
        RecordJson.writeSource(json, record.source, Integer.MAX_VALUE);
        if (record.sessionId != null) {
            RecordJson.writeJson(json, "session_id", record.sessionId, "null");
        }
        RecordJson.writeJson(json, "metadata", record.metadata, "{}");
        RecordJson.writeJson(json, "user", record.user, "null");
        RecordJson.writeError(json, record.error, Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    private static void writeChoice(JsonGenerator json, CompletionChoice choice) throws IOException {
        json.writeStartObject();
        json.writeNumberField("index", choice.index);
        RecordJson.writeString(json, "text", choice.text);
        writeIds(json, "token_ids", choice.tokenIds);
        RecordJson.writeString(json, "finish_reason", choice.finishReason);
        if (choice.stopTokenId == null) {
            RecordJson.writeString(json, "stop_reason", choice.stopReason);
        } else {
            json.writeNumberField("stop_reason", choice.stopTokenId);
        }
        RecordJson.writeJson(json, "logprobs", choice.logprobs, "null");
        if (choice.cumulativeLogprob != null) {
            json.writeFieldName("cumulative_logprob");
            json.writeNumber(ScoresJson.number(choice.cumulativeLogprob));
        }
        if (choice.promptLogprobs != null) {
            RecordJson.writeJson(json, "prompt_logprobs", choice.promptLogprobs, "null");
        }
        writeIds(json, "prompt_token_ids", choice.promptTokenIds);
        if (choice.promptTokensDropped > 0) {
            json.writeObjectFieldStart("truncated");
            json.writeNumberField("prompt_tokens_dropped", choice.promptTokensDropped);
            RecordJson.writeString(json, "side", choice.truncatedSide);
            json.writeEndObject();
        }
        json.writeEndObject();
    }

    private static void writeIds(JsonGenerator json, String name, int[] ids) throws IOException {
        if (ids != null) {
            json.writeFieldName(name);
            json.writeArray(ids, 0, ids.length);
        }
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
