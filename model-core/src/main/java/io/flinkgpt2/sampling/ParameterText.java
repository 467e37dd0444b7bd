package io.flinkgpt2.sampling;

import io.flinkgpt2.constraint.ConstraintSource;
import io.flinkgpt2.json.QuotedText;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/**
 * The description of a request's parameters: {@code max_tokens}, {@code temperature} and {@code seed}, and of the others those
 * that differ from their default, under the names that they have in records.
 */
final class ParameterText {

    /** Characters of a text that are shown, and elements of a list. */
    private static final int SHOWN_CHARACTERS = 40;

    private static final int SHOWN_ELEMENTS = 4;

    private final StringJoiner text = new StringJoiner(", ", "GenerationParameters[", "]");

    private ParameterText() {}

    static String of(GenerationParameters parameters) {
        ParameterText description = new ParameterText();
        description.add("max_tokens", parameters.maxTokens());
        description.add("temperature", parameters.sampling().temperature());
        description.add("seed", parameters.seed());
        description.addUnless(1, "n", parameters.choices());
        description.addUnless(parameters.choices(), "best_of", parameters.bestOf());
        description.sampling(parameters.sampling());
        description.logits(parameters.logits());
        description.stop(parameters.stop());
        description.scores(parameters.scores());
        description.beams(parameters.beams());
        description.constraint(parameters.constraint());
        description.addUnless(0, "timeout_ms", parameters.timeoutMillis());
        description.addTexts(
                "cache_salt", parameters.cacheSalt().isEmpty() ? List.of() : List.of(parameters.cacheSalt()));
        description.addUnless(true, "skip_special_tokens", parameters.skipSpecialTokens());
        return description.text.toString();
    }

    private void sampling(SamplingParameters sampling) {
        addUnless(0, "top_k", sampling.topK());
        addUnless(1, "top_p", sampling.topP());
        addUnless(0, "min_p", sampling.minP());
        addUnless(1, "typical_p", sampling.typicalP());
    }

    private void logits(LogitsParameters logits) {
        addCount("logit_bias", logits.biasIds().length, "ids");
        addCount("allowed_token_ids", logits.allowedTokenIds().length, "ids");
        addTexts("bad_words", logits.badWords());
        addUnless(0, "no_repeat_ngram_size", logits.noRepeatNgramSize());
        addUnless(1, "repetition_penalty", logits.repetitionPenalty());
        addUnless(0, "frequency_penalty", logits.frequencyPenalty());
        addUnless(0, "presence_penalty", logits.presencePenalty());
    }

    private void stop(StopParameters stop) {
        addTexts("stop", stop.strings());
        addCount("stop_token_ids", stop.tokenIds().length, "ids");
        addUnless(false, "include_stop_str_in_output", stop.includeInOutput());
        addUnless(false, "ignore_eos", stop.ignoreEndOfText());
        addUnless(0, "min_tokens", stop.minTokens());
        if (stop.repetition() != null && stop.repetition().isOn()) {
            add("repetition_detection", stop.repetition().maxPatternSize());
        }
    }

    private void scores(ScoreParameters scores) {
        addUnless(ScoreParameters.NONE, "logprobs", scores.generated());
        addUnless(ScoreParameters.NONE, "prompt_logprobs", scores.prompt());
        addCount("logprob_token_ids", scores.labelIds().length, "ids");
        addUnless(false, "echo", scores.echo());
    }

    private void beams(BeamParameters beams) {
        if (beams != null) {
            add("use_beam_search", true);
            addUnless(1, "length_penalty", beams.lengthPenalty());
            addUnless(false, "early_stopping", beams.earlyStopping());
        }
    }

    private void constraint(ConstraintSource constraint) {
        if (constraint != null) {
            String kind = constraint.kind().name().toLowerCase(Locale.ROOT);
            add("structured_outputs", constraint.texts().isEmpty() ? kind : kind + " " + texts(constraint.texts()));
        }
    }

    private void add(String name, Object value) {
        text.add(name + "=" + value);
    }

    private void addUnless(double standard, String name, double value) {
        if (value != standard) {
            add(name, value);
        }
    }

    private void addUnless(long standard, String name, long value) {
        if (value != standard) {
            add(name, value);
        }
    }

    private void addUnless(boolean standard, String name, boolean value) {
        if (value != standard) {
            add(name, value);
        }
    }

    private void addCount(String name, int count, String unit) {
        if (count > 0) {
            add(name, count + " " + unit);
        }
    }

    private void addTexts(String name, List<String> texts) {
        if (!texts.isEmpty()) {
            add(name, texts(texts));
        }
    }

    private static String texts(List<String> texts) {
        StringJoiner shown = new StringJoiner(", ", "[", texts.size() > SHOWN_ELEMENTS ? ", ...]" : "]");
        texts.stream().limit(SHOWN_ELEMENTS).forEach(text -> shown.add(QuotedText.of(text, SHOWN_CHARACTERS)));
        return shown.toString();
    }
}
