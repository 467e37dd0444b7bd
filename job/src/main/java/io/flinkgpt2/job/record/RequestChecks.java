package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.invalidValue;

import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.sampling.BeamParameters;
import io.flinkgpt2.sampling.GenerationParameters;
import io.flinkgpt2.sampling.SamplingParameters;
import io.flinkgpt2.sampling.ScoreParameters;

/** The fields of a request that contradict each other. */
final class RequestChecks {

    private RequestChecks() {}

    /** Refuses what no prompt has to be encoded for. */
    static void refuseContradictions(RequestDraft draft) throws InvalidRequestException {
        if (draft.bestOf != null && draft.bestOf < draft.choices) {
            throw invalidValue("best_of", draft.bestOf.toString(), draft.choices + " or more, the n of the request");
        }
        if (draft.minTokens > draft.maxTokens) {
            throw invalidValue(
                    "min_tokens",
                    String.valueOf(draft.minTokens),
                    "at most " + draft.maxTokens + ", the max_tokens of the request (16 unless given)");
        }
        if (draft.labelIds.length > 0 && draft.logprobs == ScoreParameters.NONE) {
            throw invalidValue("logprob_token_ids", "ids without logprobs", "logprobs too; set logprobs to 0");
        }
        refuseTooManyChoices(draft);
        refuseTwoSides(draft);
    }

    private static void refuseTooManyChoices(RequestDraft draft) throws InvalidRequestException {
        long prompts = draft.promptCount();
        long each = draft.generated();
        if (prompts * each > GenerationParameters.MAX_CHOICES) {
            String cause = prompts > each ? "prompt" : draft.bestOf != null && each > draft.choices ? "best_of" : "n";
            throw invalidValue(
                    cause,
                    prompts + " prompts with " + each + " completions each",
                    "at most " + GenerationParameters.MAX_CHOICES + " completions of a request; send several requests");
        }
    }

    private static void refuseTwoSides(RequestDraft draft) throws InvalidRequestException {
        if (draft.truncateTokens == null || draft.truncation == null) {
            return;
        }
        boolean sameSide = draft.truncation == draft.truncationSide;
        boolean onlyShortened = draft.truncation == PromptTruncation.ERROR && draft.truncateTokens != -1;
        if (!sameSide && !onlyShortened) {
            throw invalidValue(
                    "truncate_prompt",
                    "'" + draft.truncation.wireName() + "' with truncate_prompt_tokens " + draft.truncateTokens
                            + " and truncation_side '" + draft.truncationSide.wireName() + "'",
                    "the same side; leave truncate_prompt out");
        }
    }

    /** Refuses what a beam search has no use for. */
    static void refuseSamplingOfBeams(RequestDraft draft, SamplingParameters sampling) throws InvalidRequestException {
        if (draft.choices > BeamParameters.MAX_WIDTH) {
            throw withBeams("n", draft.choices, "1.." + BeamParameters.MAX_WIDTH + ", the width of the beams");
        }
        if (draft.bestOf != null && draft.bestOf != draft.choices) {
            throw withBeams("best_of", draft.bestOf, "none; n is the width of the beams");
        }
        if (sampling.temperature() != 0 && sampling.temperature() != 1) {
            throw withBeams("temperature", sampling.temperature(), "0 or 1; beams are not drawn");
        }
        refuseUnless(sampling.topP() == 1, "top_p", sampling.topP());
        refuseUnless(sampling.topK() == 0, "top_k", sampling.topK());
        refuseUnless(sampling.minP() == 0, "min_p", sampling.minP());
        refuseUnless(sampling.typicalP() == 1, "typical_p", sampling.typicalP());
        refuseUnless(draft.seed == null, "seed", draft.seed);
    }

    private static void refuseUnless(boolean neutral, String field, Number found) throws InvalidRequestException {
        if (!neutral) {
            throw withBeams(field, found, "none; beams are not drawn");
        }
    }

    private static InvalidRequestException withBeams(String field, Number found, String expected) {
        return invalidValue(field, found + " with use_beam_search", expected);
    }
}
