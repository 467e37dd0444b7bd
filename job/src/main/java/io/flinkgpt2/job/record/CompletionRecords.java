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
     * Returns the answer to a request that was completed.
     *
     * @param completions of the choices that did not fail, one or more
     * @param start when the request was handed to the generator, in milliseconds since the epoch
     * @param withTokenIds whether the answer holds the generated ids
     */
    public CompletionRecord completed(
            PromptRequest request, List<Completion> completions, long start, boolean withTokenIds) {
        CompletionRecord record = answer(request, start);
        record.choices = completions.stream()
                .map(completion -> choice(completion, withTokenIds))
                .toList();
        record.completionTokens = completions.stream()
                .mapToInt(completion -> completion.tokenIds().length)
                .sum();
        // The first choice computes the prompt; the others find it, and each has a random stream of its own.
        Completion first = completions.get(0);
        long generationNanos = completions.stream()
                .mapToLong(Completion::generationNanos)
                .max()
                .orElse(0);
        record.promptTokens = first.promptTokens();
        record.metrics.queueTimeMs += first.queueNanos() / 1_000_000;
        record.metrics.cachedTokens = first.cachedTokens();
        record.metrics.timeToFirstTokenMs = first.timeToFirstTokenNanos() / 1_000_000;
        record.metrics.generationTimeMs = generationNanos / 1_000_000;
        record.metrics.tokensPerSecond = record.completionTokens * 1e9 / Math.max(1, generationNanos);
        return record;
    }

    private static CompletionChoice choice(Completion completion, boolean withTokenIds) {
        CompletionChoice choice = new CompletionChoice();
        choice.index = completion.choice();
        choice.text = completion.text();
        choice.tokenIds = withTokenIds ? completion.tokenIds() : null;
        FinishReason finishReason = completion.stopReason().finishReason();
        choice.finishReason = finishReason.name().toLowerCase(Locale.ROOT);
        choice.stopReason = finishReason == FinishReason.LENGTH
                ? completion.stopReason().name().toLowerCase(Locale.ROOT)
                : null;

        return choice;
    }

    /** Returns the answer to a valid request that failed inside. */
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
        record.key = request.record.key;
        record.headers = request.record.headers;
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
        record.source = request.record.source;
        record.metadata = request.metadata;
        record.user = request.user;
        return record;
    }
}
