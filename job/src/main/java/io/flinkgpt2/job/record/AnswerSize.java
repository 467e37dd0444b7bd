package io.flinkgpt2.job.record;

import io.flinkgpt2.sampling.ScoreParameters;

/**
 * The size of an answer, before there is one.
 *
 * <p>What is copied is exact. What is generated is an estimate on the low side, of choices that all reach their length: a
 * bound that held for every text would be a hundred times larger, for a token may have 128 bytes, and would refuse requests
 * whose answers fit by far. An answer that turns out not to fit has an error in place of its choices:
 * {@link CompletionJson#write(CompletionRecord, long)}.
 */
final class AnswerSize {
    /** Bytes of a choice without its text and lists. */
    private static final int CHOICE = 80;

    /** Bytes of the text of a token. */
    private static final int TEXT = 3;

    /** Bytes of a token's id with its comma. */
    private static final int ID = 5;

    /** Bytes of a token, its log-probability, its offset and the braces of its best tokens. */
    private static final int SCORED_TOKEN = 24;

    /** Bytes of one of the best tokens and its log-probability. */
    private static final int ALTERNATIVE = 16;

    /** Bytes of one token of {@code prompt_logprobs}. */
    private static final int PROMPT_ALTERNATIVE = 56;

    private AnswerSize() {}

    /** Returns the bytes that an answer copies from its request. */
    static long copied(PromptRequest request) {
        long copied = WireText.utf8Length(RecordJson.quote(request.customId));
        copied += request.metadata == null ? 0 : WireText.utf8Length(request.metadata);
        copied += request.user == null ? 0 : WireText.utf8Length(request.user);
        copied += request.sessionId == null ? 0 : WireText.utf8Length(request.sessionId);
        return copied + RecordHeader.size(request.record.key, request.record.headers);
    }

    /** Returns about how many bytes the choices of an answer have. */
    static long generated(PromptRequest request, int maxContext) {
        ScoreParameters scores = request.parameters.scores();
        // The labels stand in place of the best tokens; the chosen one is counted only where it stands alone.
        long alternatives = Math.max(1, scores.generatedAlternatives() + scores.labelIds().length);
        long bytes = 0;
        for (int[] prompt : request.prompts) {
            long generated = Math.min(request.parameters.maxTokens(), maxContext - prompt.length);
            long shown = generated + (scores.echo() ? prompt.length : 0);
            long choice = CHOICE + shown * TEXT;
            if (request.returnTokenIds) {
                choice += (generated + prompt.length) * ID;
            }
            if (scores.wantsGenerated()) {
                choice += shown * (SCORED_TOKEN + alternatives * ALTERNATIVE);
            }
            if (scores.prompt() != ScoreParameters.NONE) {
                choice += (prompt.length - 1L) * Math.max(1, scores.prompt()) * PROMPT_ALTERNATIVE;
            }
            bytes += choice * request.parameters.choices();
        }
        return bytes;
    }
}
