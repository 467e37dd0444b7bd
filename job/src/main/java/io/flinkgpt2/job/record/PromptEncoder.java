package io.flinkgpt2.job.record;

import static io.flinkgpt2.job.record.InvalidRequestException.CONTEXT_LENGTH_EXCEEDED;
import static io.flinkgpt2.job.record.InvalidRequestException.INVALID_VALUE;

import io.flinkgpt2.generation.FittedPrompt;
import io.flinkgpt2.generation.PromptLimits;
import io.flinkgpt2.generation.PromptTokens;
import io.flinkgpt2.generation.PromptTooLongException;
import io.flinkgpt2.generation.PromptTruncation;
import io.flinkgpt2.tokenizer.Tokenizer;

/** Makes the prompts of a request what the model sees: encoded, and cut where they may be. */
final class PromptEncoder {
    /** Longest text, in bytes of UTF-8, that is encoded at once; a longer one in memory that does not grow with it. */
    private static final long LONGEST_AT_ONCE = 1 << 20;

    private static final String ADVICE = "; or set truncate_prompt to 'left' or 'right' to have it cut";

    private final Tokenizer tokenizer;
    private final PromptLimits limits;
    private final RequestDraft draft;
    private final boolean special;
    private final PromptTruncation side;
    private final boolean cutToFit;
    private final int atMost;

    PromptEncoder(Tokenizer tokenizer, PromptLimits limits, RequestDefaults defaults, RequestDraft draft) {
        this.tokenizer = tokenizer;
        this.limits = limits;
        this.draft = draft;
        this.special = draft.allowSpecialTokens == null ? defaults.allowSpecialTokens() : draft.allowSpecialTokens;
        PromptTruncation truncation = draft.truncation == null ? defaults.truncation() : draft.truncation;
        boolean whatFits = draft.truncateTokens != null && draft.truncateTokens == -1;
        this.side = draft.truncateTokens == null ? truncation : draft.truncationSide;
        this.cutToFit = whatFits || truncation != PromptTruncation.ERROR;
        this.atMost = draft.truncateTokens == null || whatFits ? Integer.MAX_VALUE : draft.truncateTokens;
    }

    /** Returns the end that a prompt is cut off at, if it is cut. */
    String side() {
        return side.wireName();
    }

    /** Returns the prompts in their order; there is one or more. */
    FittedPrompt[] encode() throws InvalidRequestException {
        FittedPrompt[] prompts = new FittedPrompt[draft.promptCount()];
        for (int i = 0; i < prompts.length; i++) {
            String where = "prompt: " + (prompts.length == 1 ? "" : "at index " + i + ": ");
            try {
                PromptTokens tokens = draft.promptTexts.isEmpty()
                        ? draft.promptTokens.get(i)
                        : encoded(draft.promptTexts.get(i), where);
                prompts[i] = limits.fit(tokens, atMost, side, cutToFit, draft.maxTokens);
            } catch (PromptTooLongException e) {
                String advice = cutToFit ? "" : ADVICE;
                throw new InvalidRequestException(
                        CONTEXT_LENGTH_EXCEEDED, "prompt", where + e.getMessage() + advice, e);
            } catch (IllegalArgumentException e) {
                throw new InvalidRequestException(INVALID_VALUE, "prompt", where + e.getMessage(), e);
            }
        }
        return prompts;
    }

    private PromptTokens encoded(String text, String where) throws InvalidRequestException {
        PromptTokens prompt = limits.newPrompt();
        int longest = limits.longestPrompt(draft.maxTokens);
        long bytes = WireText.utf8Length(text);
        long atLeast = ceilDiv(bytes, tokenizer.longestTokenBytes());
        if (atLeast <= longest && bytes <= LONGEST_AT_ONCE) {
            prompt.addAll(tokenizer.encode(text, special));
        } else if (Math.min(atLeast, atMost) > longest && !cutToFit) {
            // A text of 20 MB is refused without the work of encoding it: no token is longer than the longest.
            throw new InvalidRequestException(
                    CONTEXT_LENGTH_EXCEEDED,
                    "prompt",
                    where + "the prompt has at least " + atLeast + " tokens, expected at most " + longest
                            + " with a max-context of " + limits.maxContext() + "; shorten it or raise max-context"
                            + ADVICE);
        } else {
            tokenizer.encode(text, special, prompt::add);
        }
        return prompt;
    }

    private static long ceilDiv(long dividend, int divisor) {
        return (dividend + divisor - 1) / divisor;
    }
}
