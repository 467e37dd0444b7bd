package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.FinishReason;
import io.flinkgpt2.tensor.Precision;
import java.util.List;
import java.util.Locale;

/** Makes the answers of one job with one model. */
public final class CompletionRecords {

    private final String job;
    private final String model;
    private final String modelRevision;
    private final String systemFingerprint;

    /**
     * @param job name of the job, part of the ids
     * @param model what answers call the model
     * @param precision the numeric mode
     */
    public CompletionRecords(String job, String model, String modelRevision, Precision precision) {
        this.job = job;
        this.model = model;
        this.modelRevision = modelRevision;
        this.systemFingerprint = SystemFingerprint.of(precision);
    }

    /**
     * The answer to a request that was completed.
     *
     * @param start when the request was handed to the generator, in milliseconds since the epoch
     * @param withTokenIds whether the answer holds the generated ids
     */
    public CompletionRecord completed(PromptRequest request, Completion completion, long start, boolean withTokenIds) {
        CompletionChoice choice = new CompletionChoice();
        choice.index = 0;
        choice.text = completion.text();
        choice.tokenIds = withTokenIds ? completion.tokenIds() : null;
        FinishReason finishReason = completion.stopReason().finishReason();
        choice.finishReason = finishReason.name().toLowerCase(Locale.ROOT);
        choice.stopReason = finishReason == FinishReason.LENGTH
                ? completion.stopReason().name().toLowerCase(Locale.ROOT)
                : null;

        CompletionRecord record = answer(request, start);
        record.choices = List.of(choice);
        record.promptTokens = completion.promptTokens();
        record.completionTokens = completion.tokenIds().length;
        record.metrics.queueTimeMs += completion.queueNanos() / 1_000_000;
        record.metrics.cachedTokens = completion.cachedTokens();
        record.metrics.timeToFirstTokenMs = completion.timeToFirstTokenNanos() / 1_000_000;
        record.metrics.generationTimeMs = completion.generationNanos() / 1_000_000;
        record.metrics.tokensPerSecond = completion.tokenIds().length * 1e9 / Math.max(1, completion.generationNanos());
        return record;
    }

    /** The answer to a valid request that failed inside. */
    public CompletionRecord failed(PromptRequest request, RuntimeException failure, long start) {
        CompletionRecord record = answer(request, start);
        record.choices = List.of();
        record.promptTokens = request.promptTokenIds.length;
        record.error = new RecordError();
        record.error.message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
        record.error.type = "server_error";
        record.error.code = "generation_failed";
        return record;
    }

    private CompletionRecord answer(PromptRequest request, long start) {
        CompletionRecord record = new CompletionRecord();
        record.key = request.key;
        record.headers = request.headers;
        record.id = RequestIds.completionId(job, request.customId);
        record.customId = request.customId;
        record.created = System.currentTimeMillis() / 1000;
        record.model = model;
        record.modelRevision = modelRevision;
        record.systemFingerprint = systemFingerprint;
        record.metrics = new RequestMetrics();
        record.metrics.queueTimeMs = Math.max(0, start - request.receivedAt);
        record.promptTokensDropped = request.promptTokensDropped;
        record.truncatedSide = request.truncatedSide;
        record.source = request.source;
        record.metadata = request.metadata;
        record.user = request.user;
        return record;
    }
}
