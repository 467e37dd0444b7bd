package io.flinkgpt2.job.record;

import io.flinkgpt2.generation.Completion;
import io.flinkgpt2.generation.FinishReason;
import io.flinkgpt2.generation.StopReason;
import io.flinkgpt2.sampling.ScoreParameters;
import io.flinkgpt2.tensor.Precision;
import io.flinkgpt2.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Makes the answers of one job with one model. */
public final class CompletionRecords {
    private static final int[] NONE = {};

    private final String job;
    private final String model;
    private final String modelRevision;
    private final String systemFingerprint;
    private final Tokenizer tokenizer;
    private final RecordEnvelope envelope;

    /**
     * @param job name of the job, part of the ids
     * @param model what answers call the model
     * @param precision the numeric mode
     * @param tokenizer of the model
     * @param envelope which answers are written in an envelope
     */
    public CompletionRecords(
            String job,
            String model,
            String modelRevision,
            Precision precision,
            Tokenizer tokenizer,
            RecordEnvelope envelope) {
        this.job = job;
        this.model = model;
        this.modelRevision = modelRevision;
        this.systemFingerprint = SystemFingerprint.of(precision);
        this.tokenizer = tokenizer;
        this.envelope = envelope;
    }

    /**
     * Returns the answer to a request that was completed.
     *
     * @param completions of the choices that did not fail, one or more
     * @param start when the request was handed to the generator, in milliseconds since the epoch
     * @param withTokenIds whether the answer holds the generated ids though the request does not ask for them
     */
    public CompletionRecord completed(
            PromptRequest request, List<Completion> completions, long start, boolean withTokenIds) {
        CompletionRecord record = answer(request, start);
        Map<Integer, PromptPart> parts = new HashMap<>();
        record.choices = completions.stream()
                .map(completion -> choice(
                        request,
                        completion,
                        parts.computeIfAbsent(completion.prompt(), prompt -> promptPart(request, completion)),
                        withTokenIds))
                .sorted(Comparator.comparingInt(choice -> choice.index))
                .toList();
        record.completionTokens = completions.stream()
                .mapToInt(completion -> completion.tokenIds().length)
                .sum();
        // Choices enter the batch one by one, so the first to begin and the last to end need not be one.
        Completion first = Collections.min(completions, Comparator.comparingLong(Completion::queueNanos));
        long ended = completions.stream()
                .mapToLong(completion -> completion.queueNanos() + completion.generationNanos())
                .max()
                .orElseThrow();
        long generationNanos = ended - first.queueNanos();
        record.metrics.queueTimeMs += first.queueNanos() / 1_000_000;
        record.metrics.cachedTokens = cachedTokens(completions);
        record.metrics.timeToFirstTokenMs = first.timeToFirstTokenNanos() / 1_000_000;
        record.metrics.generationTimeMs = generationNanos / 1_000_000;
        record.metrics.tokensPerSecond = record.completionTokens * 1e9 / Math.max(1, generationNanos);
        return record;
    }

    /** Returns the tokens of all prompts that the request did not compute itself. */
    private static int cachedTokens(List<Completion> completions) {
        Map<Integer, Integer> ofPrompts = new HashMap<>();
        for (Completion completion : completions) {
            ofPrompts.merge(completion.prompt(), completion.cachedTokens(), Math::min);
        }
        return ofPrompts.values().stream().mapToInt(Integer::intValue).sum();
    }

    /**
     * The part of a choice that all choices of its prompt have.
     *
     * @param echoed text of the prompt; empty without echo
     * @param logprobs {@link CompletionChoice#promptLogprobs}
     */
    private record PromptPart(String echoed, String logprobs) {}

    private PromptPart promptPart(PromptRequest request, Completion completion) {
        int[] prompt = request.prompts[completion.prompt()];
        ScoreParameters scores = request.parameters.scores();
        String echoed = scores.echo() ? tokenizer.decode(request.parameters.skipSpecialTokens(), prompt) : "";
        String logprobs = scores.prompt() == ScoreParameters.NONE
                ? null
                : scoresJson(request).promptLogprobs(prompt, completion.promptScores(), scores.prompt());
        return new PromptPart(echoed, logprobs);
    }

    private ScoresJson scoresJson(PromptRequest request) {
        return new ScoresJson(tokenizer, request.parameters.skipSpecialTokens(), request.returnTokensAsTokenIds);
    }

    private CompletionChoice choice(
            PromptRequest request, Completion completion, PromptPart part, boolean withTokenIds) {
        int[] prompt = request.prompts[completion.prompt()];
        CompletionChoice choice = new CompletionChoice();
        choice.index = completion.prompt() * request.parameters.choices() + completion.choice();
        choice.text = part.echoed() + completion.text();
        choice.tokenIds = withTokenIds || request.returnTokenIds ? completion.tokenIds() : null;
        choice.promptTokenIds = request.returnTokenIds ? prompt : null;
        choice.promptTokensDropped = request.droppedTokens[completion.prompt()];
        choice.truncatedSide = choice.promptTokensDropped == 0 ? null : request.truncatedSide;
        setReason(choice, completion);
        ScoreParameters scores = request.parameters.scores();
        if (scores.wantsGenerated()) {
            int[] echoed = scores.echo() ? prompt : NONE;
            choice.logprobs = scoresJson(request).logprobs(completion, scores, echoed, part.echoed());
        }
        choice.promptLogprobs = part.logprobs();
        choice.cumulativeLogprob = completion.scores() == null ? null : (Double) completion.logProbability();
        return choice;
    }

    private static void setReason(CompletionChoice choice, Completion completion) {
        StopReason reason = completion.stopReason();
        FinishReason finishReason = reason.finishReason();
        choice.finishReason = finishReason.name().toLowerCase(Locale.ROOT);
        switch (reason) {
            case MAX_TOKENS, MAX_CONTEXT -> choice.stopReason = reason.name().toLowerCase(Locale.ROOT);
            case STOP_STRING -> choice.stopReason = completion.stopString();
            case STOP_TOKEN -> choice.stopTokenId = completion.stopTokenId();
            case REPETITION -> choice.stopReason = "repetition_detected";
            case END_OF_TEXT, CONSTRAINT, TIMEOUT, CANCELLED -> choice.stopReason = null;
        }
    }

    /** Returns the answer to a valid request that failed inside. */
    public CompletionRecord failed(PromptRequest request, RuntimeException failure, long start) {
        CompletionRecord record = answer(request, start);
        record.choices = List.of();
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
        record.promptTokens =
                Arrays.stream(request.prompts).mapToInt(prompt -> prompt.length).sum();
        record.metrics = new RequestMetrics();
        record.metrics.queueTimeMs = Math.max(0, start - request.receivedAt);
        record.source = request.record.source;
        record.metadata = request.metadata;
        record.user = request.user;
        record.sessionId = request.sessionId;
        record.envelope = envelope.isFor(request);
        return record;
    }
}
