package io.flinkgpt2.job.record;

import com.fasterxml.jackson.core.JsonToken;
import io.flinkgpt2.job.record.FieldType.Range;
import io.flinkgpt2.sampling.GenerationParameters;
import java.io.IOException;
import java.util.List;

/** The number of completions of a prompt, and how they are found. */
final class ChoiceFields {
    private static final String EARLY = "early_stopping";

    private ChoiceFields() {}

    static List<RequestField> rows() {
        return List.of(
                RequestField.integer(
                                "n",
                                1,
                                GenerationParameters.MAX_CHOICES,
                                "1",
                                "number of choices of each prompt; with beams their width, at most 32",
                                (draft, value) -> draft.choices = value.intValue())
                        .withOption(Integer.class, "N", "The number of choices (default: 1)."),
                RequestField.integer(
                                "best_of",
                                1,
                                GenerationParameters.MAX_CHOICES,
                                "`n`",
                                "number of completions of each prompt of which the `n` of highest mean log-probability are the"
                                        + " choices; `n` or more",
                                (draft, value) -> draft.bestOf = value.intValue())
                        .withOption(Integer.class, "N", "Generate so many and keep the --n likeliest (default: --n)."),
                RequestField.flag(
                                "use_beam_search",
                                "false",
                                "the choices are the `n` best hypotheses of a beam search; refuses `temperature` other than 0"
                                        + " and 1, `top_p`, `top_k`, `min_p`, `typical_p`, `seed` and `best_of`",
                                (draft, value) -> draft.beamSearch = value)
                        .withOption(Boolean.class, null, "Search with --n beams."),
                RequestField.number(
                        "length_penalty",
                        Range.any(),
                        "1",
                        "power of its generated tokens (vLLM counts the prompt too) that the log-probability of a hypothesis is"
                                + " divided by; acts on beams only",
                        (draft, value) -> draft.lengthPenalty = value),
                RequestField.of(
                        EARLY,
                        FieldType.flag(),
                        "false",
                        "a beam search ends as soon as `n` hypotheses have ended; else when no running one can beat them; acts"
                                + " on beams only",
                        (context, draft) -> draft.earlyStopping = earlyStopping(context.json())));
    }

    private static boolean earlyStopping(JsonFields json) throws IOException, InvalidRequestException {
        if (json.parser().currentToken() == JsonToken.VALUE_STRING
                && json.parser().getText().equals("never")) {
            throw new InvalidRequestException(
                    InvalidRequestException.UNSUPPORTED_FIELD,
                    EARLY,
                    EARLY + ": found 'never', which is not supported: it keeps a search going that nothing may come of;"
                            + " give true or false");
        }
        return json.flag(EARLY);
    }
}
