package io.flinkgpt2.job.record;

import io.flinkgpt2.sampling.ScoreParameters;
import java.util.List;

/** The fields that say what an answer tells beside the text. */
final class ScoreFields {

    private ScoreFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.flag(
                                "echo",
                                "false",
                                "`text` and `logprobs` begin with the prompt",
                                (draft, value) -> draft.parameters.setEcho(value))
                        .withOption(Boolean.class, null, "The text begins with the prompt."),
                RequestField.integer(
                                "logprobs",
                                0,
                                ScoreParameters.MAX_ALTERNATIVES,
                                "none",
                                "number of best tokens whose log-probabilities are told at each generated position, beside the"
                                        + " chosen one's",
                                (draft, value) -> draft.logprobs = value.intValue())
                        .withOption(
                                Integer.class,
                                "K",
                                "Tell log-probabilities, of the K best tokens too (--output json)."),
                RequestField.integer(
                        "prompt_logprobs",
                        0,
                        ScoreParameters.MAX_ALTERNATIVES,
                        "none",
                        "the same at each position of the prompt but the first",
                        (draft, value) -> draft.parameters.setPromptLogprobs(value.intValue())),
                RequestField.tokenIds(
                        "logprob_token_ids",
                        0,
                        ScoreParameters.MAX_LABELS,
                        "[]",
                        "tokens whose log-probabilities are told in place of the best ones'; needs `logprobs`",
                        (draft, value) -> draft.labelIds = value),
                RequestField.flag(
                        "return_token_ids",
                        "false",
                        "the answer has `token_ids` and `prompt_token_ids`",
                        (draft, value) -> draft.returnTokenIds = value),
                RequestField.flag(
                        "return_tokens_as_token_ids",
                        "false",
                        "tokens of `logprobs` are written as `token_id:50256`",
                        (draft, value) -> draft.returnTokensAsTokenIds = value),
                RequestField.flag(
                        "skip_special_tokens",
                        "true",
                        "special tokens are left out of `text`",
                        (draft, value) -> draft.parameters.setSkipSpecialTokens(value)));
    }
}
